package check

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"upset/models/container"
)

// Formats of the files that are read.
const (
	formatTFLite = "TensorFlow Lite model"
	formatVela   = "TensorFlow Lite model, compiled for an Ethos-U"
)

// fullInteger are the lines that make the converter quantise a whole Keras model
// (TensorFlow Lite guide, "Post-training integer quantization").
var fullInteger = []string{
	"converter = tf.lite.TFLiteConverter.from_keras_model(model)",
	"converter.optimizations = [tf.lite.Optimize.DEFAULT]",
	"converter.representative_dataset = samples  # yields lists of float32 inputs, about 100 of them",
	"converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]",
	"converter.inference_input_type = converter.inference_output_type = tf.int8",
	`open("model_int8.tflite", "wb").write(converter.convert())`,
}

// torchLines bring a PyTorch model to the NPU (ExecuTorch documentation, Arm Ethos-U
// backend, and the ONNX route).
var torchLines = []string{
	"# with ExecuTorch: quantise with EthosUQuantizer, lower with EthosUPartitioner, save the .pte",
	"# or by way of ONNX: onnx2tf -i model.onnx -oiqt   (writes a full-integer .tflite)",
}

// signature tells a file by its first bytes.
type signature struct {
	magic  string
	at     int
	format string
	remedy string
	lines  []string
}

// signatures of files that users give for a model (the formats' own documents).
var signatures = []signature{
	{"\x89HDF\r\n\x1a\n", 0, "Keras model in HDF5 (.h5)", "convert it to a full-integer .tflite: model = tf.keras.models.load_model(FILE), then", fullInteger},
	{"\x80\x02", 0, "pickle of Python, as PyTorch writes it", "export the model, not the pickle", torchLines},
	{"\x80\x03", 0, "pickle of Python", "export the model, not the pickle", torchLines},
	{"\x80\x04", 0, "pickle of Python", "export the model, not the pickle", torchLines},
	{"\x80\x05", 0, "pickle of Python", "export the model, not the pickle", torchLines},
	{"\x1f\x8b", 0, "gzip archive", "unpack it and give the .tflite inside", nil},
	{"version https://git-lfs", 0, "pointer of Git LFS, not the file itself", "fetch the file with git lfs pull", nil},
	{"<!DOCTYPE", 0, "web page", "the download gave a page instead of the file: use the link to the raw file", nil},
	{"<html", 0, "web page", "the download gave a page instead of the file: use the link to the raw file", nil},
	{"\x7fELF", 0, "program", "give the model, not the firmware it is part of", nil},
}

// Large answers for a file that is larger than any network that is read, by what it begins
// with and, where it is an archive, by the names in it.
func Large(file io.ReaderAt, size int64) *Report {
	head := make([]byte, 1<<12)
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return &Report{Format: "unreadable file", Problems: []Problem{{Reason: err.Error(), Remedy: "get the file anew"}}}
	}
	format, p := foreign(head[:n], file, size)
	if p == nil {
		p = &Problem{Reason: fmt.Sprintf("the file has %d bytes, more than the memory of a board with this NPU", size), Remedy: "use a smaller network"}
	}
	return &Report{Format: format, Problems: []Problem{*p}}
}

// foreign recognises what is no TensorFlow Lite model by its first bytes, and says what to
// do about it; a nil problem means that the file may be one.
func foreign(data []byte, file io.ReaderAt, size int64) (string, *Problem) {
	format, remedy, lines := "", "", []string(nil)
	switch {
	case len(data) >= 8 && string(data[4:8]) == "TFL3":
		return formatTFLite, nil
	case len(data) == 0:
		format, remedy = "empty file", "get the file anew"
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		format, remedy, lines = archive(file, size)
	case isONNX(data):
		format, remedy, lines = "ONNX model", "convert it to a full-integer .tflite", []string{"onnx2tf -i model.onnx -oiqt"}
	case isSource(data):
		format, remedy = "C source of a model", "turn the array back into the .tflite that it was made of"
		lines = []string{`python3 -c "import re,sys; sys.stdout.buffer.write(bytes(int(x,16) for x in re.findall(r'0x([0-9a-fA-F]{1,2})\b', open('model.cc').read())))" > model.tflite`}
	default:
		for _, s := range signatures {
			if len(data) >= s.at+len(s.magic) && string(data[s.at:s.at+len(s.magic)]) == s.magic {
				format, remedy, lines = s.format, s.remedy, s.lines
				break
			}
		}
	}
	if format == "" {
		format, remedy = "file of an unknown kind", "give a full-integer .tflite, or what a device is given: .tflite or .npz from Vela, .pte from ExecuTorch"
	}
	return format, &Problem{Reason: "the file is no network in a form that can run, but: " + format, Remedy: remedy, Lines: lines}
}

// archive tells ZIP archives by the names in them. Nothing is unpacked.
func archive(file io.ReaderAt, size int64) (format, remedy string, lines []string) {
	z, err := zip.NewReader(file, size)
	if err != nil {
		return "damaged ZIP archive", "get the file anew", nil
	}
	for _, f := range z.File {
		switch {
		case f.Name == "model.weights.h5":
			return "Keras model (.keras)", "convert it to a full-integer .tflite: model = tf.keras.models.load_model(FILE), then", fullInteger
		case strings.HasSuffix(f.Name, ".npy"):
			return "archive of arrays without command streams", "give the archive that vela --output-format raw writes, or arrays of inputs with --inputs", nil
		case strings.HasSuffix(f.Name, "/data.pkl"), strings.HasSuffix(f.Name, "/serialized_exported_program.json"):
			return "PyTorch model", "bring it to int8 and to a form that a board takes", torchLines
		}
	}
	return "ZIP archive", "unpack it and give the .tflite inside", nil
}

// isONNX recognises a ModelProto: field 1 is a small version number, field 2 or 7 or 8
// follows (ONNX, onnx.proto; Protocol Buffers, encoding).
func isONNX(data []byte) bool {
	const maxVersion = 32 // of the format: 12 when this was written
	return len(data) > 3 && data[0] == 0x08 && data[1] > 0 && data[1] < maxVersion && (data[2] == 0x12 || data[2] == 0x3a || data[2] == 0x42)
}

// isSource recognises the array that xxd -i makes of a model.
func isSource(data []byte) bool {
	head := data[:min(len(data), 1<<16)]
	return bytes.IndexByte(head, 0) < 0 && bytes.Contains(head, []byte("0x")) && (bytes.Contains(head, []byte("char")) || bytes.Contains(head, []byte("uint8_t")))
}

// streamProblem puts an error of a compiled file beside what can be done.
func (r *Report) streamProblem(err error) Problem {
	reason := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "network: "), "container: ")
	p := Problem{Reason: reason, Remedy: "compile the source model again with a current Vela, or give the source model itself"}
	var other *container.MismatchError
	switch {
	case !errors.As(err, &other):
	case other.NPU == "":
		p.Remedy = "compile the source model for an Ethos-U55, such as vela --accelerator-config ethos-u55-128 MODEL, or give the source model itself"
	default:
		p.Reason = fmt.Sprintf("the file was compiled for %s, and %s is asked for", other.Compiled, other.NPU)
		p.Remedy = fmt.Sprintf("leave --npu out, or compile the source model for %s: vela --accelerator-config ethos-%s MODEL", r.Config, r.Config)
	}
	return p
}
