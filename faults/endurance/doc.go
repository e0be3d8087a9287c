// Package endurance treats the tool badly, and counts what that costs: processes killed at
// random, disks that fill up or fail, clocks that jump, two processes on one folder, hours
// of injections. After each of these the campaign has to come to the result that it has
// undisturbed, no injection may be lost or counted twice, and nothing may panic.
//
// The command in generate does it at length; tests do a small share.
package endurance
