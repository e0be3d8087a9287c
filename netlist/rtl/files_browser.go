//go:build browser

package rtl

import "embed"

// files is empty: a page that asks for no faults of gates does not carry them.
var files embed.FS
