//go:build !browser

package rtl

import "embed"

//go:embed *.map netlists
var files embed.FS
