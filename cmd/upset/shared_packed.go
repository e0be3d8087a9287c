package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"upset/faults/audit"
	"upset/faults/campaign"
)

// unpackFile unpacks an archive to a temporary folder, which remove takes away. Wrong are the
// files that are not as its manifest says.
func unpackFile(name string) (m *audit.Manifest, wrong []string, dir string, remove func(), err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, "", nil, bad(pathError(name, err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, "", nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, "", nil, usage("%s is neither a folder nor a file", name)
	}
	if dir, err = os.MkdirTemp("", "upset-pack-"); err != nil {
		return nil, nil, "", nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) } // what stays behind is in a folder for temporary files
	defer func() {
		if err != nil {
			remove()
		}
	}()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, "", nil, err
	}
	defer root.Close()
	m, wrong, err = audit.Unpack(f, info.Size(), func(path string) (io.WriteCloser, error) {
		if folder := filepath.Dir(filepath.FromSlash(path)); folder != "." {
			if err := root.MkdirAll(folder, 0o755); err != nil {
				return nil, err
			}
		}
		return root.OpenFile(filepath.FromSlash(path), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	})
	if errors.Is(err, audit.ErrNoPack) {
		err = usage("%s: %w", name, err)
	}
	return m, wrong, dir, remove, err
}

// archived splits a path into that of an archive and a place in it: an archive alone, or one
// with the name of one of its campaigns behind it.
func archived(path string) (file, within string, yes bool) {
	for file = filepath.Clean(path); ; {
		info, err := os.Stat(file)
		if err == nil {
			return file, within, info.Mode().IsRegular()
		}
		up := filepath.Dir(file)
		if up == file || up == "." {
			return path, "", false
		}
		file, within = up, filepath.Join(filepath.Base(file), within)
	}
}

// campaignFolder is where the files of a campaign are: the folder itself, or one in which an
// audit pack, or a campaign of an archive of several, is unpacked until remove is called.
func campaignFolder(path string) (dir string, remove func(), err error) {
	file, within, yes := archived(path)
	if !yes {
		return path, func() {}, nil
	}
	_, wrong, dir, remove, err := unpackFile(file)
	if err != nil {
		return "", nil, err
	}
	if len(wrong) > 0 {
		err = bad(errors.New(file + " is not as it was made: " + wrong[0]))
	} else {
		err = holds(file, dir, within)
	}
	if err != nil {
		remove()
		return "", nil, err
	}
	return filepath.Join(dir, within), remove, nil
}

// holds reports that an archive, unpacked in dir, has no campaign at a place, and which it
// has.
func holds(file, dir, within string) error {
	if _, err := os.Stat(filepath.Join(dir, within, campaign.LogName)); err == nil {
		return nil
	}
	list, err := filepath.Glob(filepath.Join(dir, "*", campaign.LogName))
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return usage("%s holds no campaign %s", file, within)
	}
	for i, name := range list {
		list[i] = filepath.Base(filepath.Dir(name))
	}
	return usage("%s holds %d campaigns: name one, as in %s; there are %s", file, len(list), filepath.Join(file, list[0]), strings.Join(list, ", "))
}
