// Package audit makes and reads audit packs: one archive that holds a campaign with all
// that is needed to check it, and a manifest with the SHA-256 of every file. It also
// compares stored results with those that are computed anew.
//
// A pack is a zip file, since anybody can open one. Its bytes depend on its contents alone:
// the manifest comes first, the files in the order of their names, without times. Packs may
// come from anywhere, so that the reader trusts nothing in them.
package audit
