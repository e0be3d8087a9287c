// Package driver brings networks to the machine. It reads Vela-optimised models
// (the container, the driver payload and the memory plan), lays programs out in
// the memory map, and runs graphs whose operators are partly on the NPU and
// partly on the host.
package driver
