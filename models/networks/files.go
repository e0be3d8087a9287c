// Package networks runs a collection of real files, as people have them, and
// says of each what becomes of it: opened or refused and why, the share that runs
// on the NPU, and whether every output byte equals a reference runtime's.
//
// The program in generate writes what it finds to docs/networks.md.
package networks

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"upset/npu/isa"
)

// File is one file of the collection, on one configuration.
type File struct {
	Folder string // "zoo/user", "vela51/u55-64", …
	Name   string // without extension and configuration
	Path   string
	Config isa.Config
	Cases  []Case // reference inputs and outputs; none where no runtime gave any
}

// Case is one inference with the output that a reference runtime gives, or a
// sequence of inferences between which the network keeps its state.
type Case struct {
	Input, Output string // files of concatenated tensors in graph order
	Sequence      bool
}

// everywhere are the source networks that run on all four configurations; the
// others run on one (our choice: a small, a mixed and a convolutional network).
var everywhere = []string{"tensorflow-hello_world_int8", "mlcommons-kws_ref_model", "OpenNuvoton-model_cnn_quantized"}

// sources are the source networks of compiled files whose name does not say so.
// Each was found by running the compiled file on the source's reference inputs.
var sources = map[string]string{
	"tensorflow-person_detect_vela":                 "tensorflow-person_detect",
	"cookekieran-model_vela":                        "cookekieran-model_int8",
	"HimaxWiseEyePlus-person_int8_model_vela_mac64": "tensorflow-person_detect",
	"person_detect":                                 "tensorflow-person_detect", // by Vela 5.1
}

// zooFolders are the folders of unmodified public files.
var zooFolders = []string{"user", "layers", "vela", "pte", "pairs"}

// Scan lists the files of the folder shared: those of zoo and those of vela51.
func Scan(shared string) ([]File, error) {
	var list []File
	for _, folder := range zooFolders {
		found, err := scanFolder(shared, filepath.Join("zoo", folder), isa.U55x128)
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	entries, err := os.ReadDir(filepath.Join(shared, "vela51"))
	if err != nil {
		return nil, fmt.Errorf("networks: %w", err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		config, ok := configAtEnd("-" + e.Name())
		if !ok {
			config = isa.U55x128 // its files name their own
		}
		found, err := scanFolder(shared, filepath.Join("vela51", e.Name()), config)
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	return list, nil
}

// scanFolder lists the networks of one folder. The name of a file may end in a
// configuration; without one it is for the given one.
func scanFolder(shared, folder string, config isa.Config) ([]File, error) {
	entries, err := os.ReadDir(filepath.Join(shared, folder))
	if err != nil {
		return nil, fmt.Errorf("networks: %w", err)
	}
	var list []File
	for _, e := range entries {
		ext := filepath.Ext(e.Name())
		if ext != ".tflite" && ext != ".pte" && ext != ".npz" {
			continue
		}
		f := File{Folder: filepath.ToSlash(folder), Path: filepath.Join(shared, folder, e.Name()), Config: config}
		name := strings.TrimSuffix(strings.TrimSuffix(e.Name(), ext), "_vela")
		if own, ok := configAtEnd(name); ok {
			f.Config = own
			name = strings.TrimSuffix(name, "-"+own.String())
		}
		f.Name = name
		if f.Cases, err = cases(shared, &f); err != nil {
			return nil, err
		}
		list = append(list, f)
		if slices.Contains(everywhere, name) && strings.HasSuffix(folder, "user") {
			list = append(list, elsewhere(f)...)
		}
	}
	return list, nil
}

// elsewhere is the same file on the other configurations.
func elsewhere(f File) []File {
	var list []File
	for _, c := range isa.Configs {
		if c != f.Config {
			other := f
			other.Config = c
			list = append(list, other)
		}
	}
	return list
}

// configAtEnd is the configuration that a name ends in.
func configAtEnd(name string) (isa.Config, bool) {
	for _, c := range isa.Configs {
		if strings.HasSuffix(name, "-"+c.String()) {
			return c, true
		}
	}
	return 0, false
}

// cases finds the reference inputs and outputs of a file.
func cases(shared string, f *File) ([]Case, error) {
	if f.Folder == "zoo/pairs" {
		source := strings.TrimSuffix(f.Name, "_vela")
		return []Case{{
			Input:  filepath.Join(filepath.Dir(f.Path), "in_00.bin"),
			Output: filepath.Join(filepath.Dir(f.Path), source+".out_00.bin"),
		}}, nil
	}
	name, root := f.Name, filepath.Join(shared, "zoo", "golden")
	if source, ok := sources[name]; ok && (f.Folder == "zoo/vela" || strings.HasPrefix(f.Folder, "vela51/")) {
		name = source
	} else if strings.HasPrefix(f.Folder, "vela51/") {
		root = filepath.Join(shared, "golden")
	}
	found, err := filepath.Glob(filepath.Join(root, name, "in_*.bin"))
	if err != nil {
		return nil, fmt.Errorf("networks: %w", err)
	}
	var list []Case
	for _, in := range found {
		number := strings.TrimPrefix(filepath.Base(in), "in_")
		c := Case{Input: in, Output: filepath.Join(root, name, "out_"+number), Sequence: number == "seq.bin"}
		// Where the NPU rounds otherwise than the reference kernels, npu_NN.bin
		// holds what an exact NPU gives.
		if exact := filepath.Join(root, name, "npu_"+number); exists(exact) {
			c.Output = exact
		}
		list = append(list, c)
	}
	return list, nil
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
