package networks

// explained says why the outputs of a file differ from its reference, or the machines from each other, where that is
// known not to be a fault of ours. The key is the folder and the name.
var explained = map[string]string{
	// TFLM 90b983c2b reads 64-bit bias values where the file has 32-bit ones; with the
	// bytes that it finds there the reference kernels give its output.
	"zoo/user/xmos-denoise_16x8": "the reference runtime reads the 32-bit bias of the last TRANSPOSE_CONV as 64 bits, beyond its end",
	// The machine names the command, see DEVIATIONS.md.
	"vela51/extra/blockdep":          "a fault of the compiler",
	"vela51/extra/lut-behind-buffer": "a fault of the compiler",
}

// Explanation is why the outputs differ though nothing is wrong here, or empty.
func (r *Result) Explanation() string { return explained[r.Folder+"/"+r.Name] }
