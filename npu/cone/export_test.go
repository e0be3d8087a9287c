package cone

// Vectors makes programs that are read from now on use vectors, or not, and returns a function
// that undoes it. Where there are none, the kernels for them are plain Go.
func Vectors(on bool) (undo func()) {
	before := vectors
	vectors = on
	return func() { vectors = before }
}
