package endurance

import (
	"fmt"
	"runtime"
)

// machine names the kind of machine.
func machine() string {
	return fmt.Sprintf("%s/%s, %d processors", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
}
