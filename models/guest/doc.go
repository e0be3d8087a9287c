// Package guest runs decision rules and failure criteria that users bring as
// WebAssembly modules. A module sees the bytes that it is given and nothing else: no
// files, no network, no arguments, and a clock that stands still. Its memory and the
// time of a call are limited. What goes wrong in it is an error that names it.
//
// docs/guest.md describes the interface.
package guest
