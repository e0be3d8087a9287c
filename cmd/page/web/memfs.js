"use strict";
// A file system in memory, in the form in which Go's runtime for browsers asks for one:
// functions of Node's fs module, which call back at once. Paths are absolute. Nothing is
// kept when the worker ends.
(() => {
  const O = { O_WRONLY: 1, O_RDWR: 2, O_CREAT: 64, O_EXCL: 128, O_TRUNC: 512, O_APPEND: 1024, O_DIRECTORY: 65536 };
  const DIRECTORY = 0o040000, REGULAR = 0o100000;
  let inodes = 1;
  const make = (mode) => ({ ino: inodes++, mode, data: new Uint8Array(0), size: 0, names: new Map(), time: Date.now() });
  const root = make(DIRECTORY | 0o755);
  const open = new Map(); // file descriptors
  let next = 3;

  const failure = (code) => Object.assign(new Error(code), { code });
  const isDirectory = (n) => (n.mode & DIRECTORY) !== 0;
  const split = (path) => path.split("/").filter((p) => p !== "" && p !== ".");

  // find is the node of a path, or null.
  function find(parts) {
    let n = root;
    for (const p of parts) {
      if (!isDirectory(n)) throw failure("ENOTDIR");
      n = n.names.get(p);
      if (!n) return null;
    }
    return n;
  }
  function must(path) {
    const n = find(split(path));
    if (!n) throw failure("ENOENT");
    return n;
  }
  // place is the folder of a path and the name in it.
  function place(path) {
    const parts = split(path);
    const name = parts.pop();
    if (name === undefined) throw failure("EEXIST");
    const folder = find(parts);
    if (!folder) throw failure("ENOENT");
    if (!isDirectory(folder)) throw failure("ENOTDIR");
    return [folder, name];
  }
  function resize(n, size) {
    if (size > n.data.length) {
      const bigger = new Uint8Array(Math.max(size, 2 * n.data.length, 4096));
      bigger.set(n.data.subarray(0, n.size));
      n.data = bigger;
    } else if (size < n.size) {
      n.data.fill(0, size, n.size);
    }
    n.size = size;
  }
  function descriptor(fd) {
    const f = open.get(fd);
    if (!f) throw failure("EBADF");
    return f;
  }
  const stat = (n) => ({
    dev: 1, ino: n.ino, mode: n.mode, nlink: 1, uid: 0, gid: 0, rdev: 0, size: n.size, blksize: 4096, blocks: Math.ceil(n.size / 512),
    atimeMs: n.time, mtimeMs: n.time, ctimeMs: n.time, isDirectory: () => isDirectory(n),
  });

  const calls = {
    open(path, flags, mode) {
      let n = find(split(path));
      if (n && flags & O.O_CREAT && flags & O.O_EXCL) throw failure("EEXIST");
      if (!n) {
        if (!(flags & O.O_CREAT)) throw failure("ENOENT");
        const [folder, name] = place(path);
        n = make(REGULAR | (mode & 0o777));
        folder.names.set(name, n);
      }
      if (isDirectory(n) && flags & (O.O_WRONLY | O.O_RDWR)) throw failure("EISDIR");
      if (!isDirectory(n) && flags & O.O_DIRECTORY) throw failure("ENOTDIR");
      if (flags & O.O_TRUNC) resize(n, 0);
      open.set(next, { node: n, at: 0, append: (flags & O.O_APPEND) !== 0 });
      return next++;
    },
    close(fd) { descriptor(fd); open.delete(fd); },
    read(fd, buffer, offset, length, position) {
      const f = descriptor(fd);
      const at = position === null ? f.at : position;
      const n = Math.max(0, Math.min(length, f.node.size - at));
      buffer.set(f.node.data.subarray(at, at + n), offset);
      if (position === null) f.at = at + n;
      return n;
    },
    write(fd, buffer, offset, length, position) {
      if (fd === 1 || fd === 2) { console.log(new TextDecoder().decode(buffer.subarray(offset, offset + length))); return length; }
      const f = descriptor(fd);
      const at = f.append ? f.node.size : position === null ? f.at : position;
      if (at + length > f.node.size) resize(f.node, at + length);
      f.node.data.set(buffer.subarray(offset, offset + length), at);
      f.node.time = Date.now();
      if (position === null) f.at = at + length;
      return length;
    },
    fstat(fd) { return stat(descriptor(fd).node); },
    stat(path) { return stat(must(path)); },
    lstat(path) { return stat(must(path)); },
    fsync(fd) { descriptor(fd); },
    ftruncate(fd, size) { resize(descriptor(fd).node, size); },
    truncate(path, size) { resize(must(path), size); },
    mkdir(path, mode) {
      const [folder, name] = place(path);
      if (folder.names.has(name)) throw failure("EEXIST");
      folder.names.set(name, make(DIRECTORY | (mode & 0o777)));
    },
    readdir(path) {
      const n = must(path);
      if (!isDirectory(n)) throw failure("ENOTDIR");
      return [...n.names.keys()];
    },
    unlink(path) {
      const n = must(path);
      if (isDirectory(n)) throw failure("EPERM");
      const [folder, name] = place(path);
      folder.names.delete(name);
    },
    rmdir(path) {
      const n = must(path);
      if (!isDirectory(n)) throw failure("ENOTDIR");
      if (n.names.size > 0) throw failure("ENOTEMPTY");
      const [folder, name] = place(path);
      folder.names.delete(name);
    },
    rename(from, to) {
      const n = must(from);
      const [old, was] = place(from);
      const [folder, name] = place(to);
      const there = folder.names.get(name);
      if (there && isDirectory(there)) throw failure("EISDIR");
      old.names.delete(was);
      folder.names.set(name, n);
    },
    chmod(path, mode) { const n = must(path); n.mode = (n.mode & ~0o777) | (mode & 0o777); },
    fchmod(fd, mode) { const n = descriptor(fd).node; n.mode = (n.mode & ~0o777) | (mode & 0o777); },
    utimes(path, atime, mtime) { must(path).time = mtime * 1000; },
    chown() {}, fchown() {}, lchown() {},
    link() { throw failure("ENOSYS"); },
    symlink() { throw failure("ENOSYS"); },
    readlink() { throw failure("EINVAL"); },
  };
  const fs = { constants: O, writeSync: (fd, buffer) => calls.write(fd, buffer, 0, buffer.length, null) };
  for (const name of Object.keys(calls)) {
    fs[name] = (...args) => {
      const back = args.pop();
      let result;
      try { result = calls[name](...args); } catch (err) { back(err.code ? err : failure("EIO")); return; }
      back(null, result);
    };
  }
  globalThis.fs = fs;
  // put writes a file, with its folders.
  globalThis.memfsPut = (path, data) => {
    let n = root;
    const parts = split(path);
    const name = parts.pop();
    for (const p of parts) {
      if (!n.names.has(p)) n.names.set(p, make(DIRECTORY | 0o755));
      n = n.names.get(p);
    }
    const file = make(REGULAR | 0o644);
    file.data = data;
    file.size = data.length;
    n.names.set(name, file);
  };
  // drop forgets a folder with all that is in it.
  globalThis.memfsDrop = (path) => {
    const [folder, name] = place(path);
    folder.names.delete(name);
  };
})();
