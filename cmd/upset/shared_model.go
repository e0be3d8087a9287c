package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"upset/faults/campaign"
	"upset/models/check"
	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
)

// maxModel bounds a model file: twice the flash of the memory map (our choice).
const maxModel = 2 * isa.FlashSize

// readModel reads the file of a network.
func readModel(file string) ([]byte, error) {
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		if _, err := os.Stat(filepath.Join(file, "saved_model.pb")); err == nil {
			return nil, usage("%s is a SavedModel of TensorFlow: convert it to a full-integer .tflite with tf.lite.TFLiteConverter.from_saved_model, see upset check --help", file)
		}
		return nil, usage("%s is a folder: give the file of a network", file)
	}
	if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() && info.Size() > maxModel {
		f, err := os.Open(file)
		if err != nil {
			return nil, bad(pathError(file, err))
		}
		defer f.Close()
		return nil, usage("%s: %w", file, check.Large(f, info.Size()).Err())
	}
	data, err := readFile(file, maxModel)
	return data, bad(err)
}

// openModel reads a network and brings it to the configuration: what cannot run is
// refused, with all that is in the way, before anything is compiled. A file that was
// compiled before runs on its own configuration unless another one was asked for.
func openModel(ctx context.Context, file string, c check.Choice) (*network.Network, error) {
	data, err := readModel(file)
	if err != nil {
		return nil, err
	}
	r := check.Examine(data, c)
	if err := r.Err(); err != nil {
		return nil, usage("%s: %w; see upset check %s", file, err, quote(file))
	}
	n, err := network.OpenWith(ctx, data, r.Config, c.Options)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, usage("%s: %w", file, err)
	}
	return n, nil
}

// noteOpening keeps in the note of a campaign how its model was opened.
func noteOpening(note map[string]string, o network.Options) {
	if o.Lenient {
		note[noteLenient] = "yes"
	}
	if o.Alone {
		note[noteDelegate] = strconv.Itoa(o.Delegate)
	}
}

// notedOpening reads it again.
func notedOpening(note map[string]string, s npu.System) network.Options {
	o := network.Options{System: s, Lenient: note[noteLenient] != ""}
	n, err := strconv.Atoi(note[noteDelegate])
	o.Alone, o.Delegate = err == nil, n
	return o
}

// modelName is the name of a model in results: its file without folder and
// extension, as plain text.
func modelName(file string) string {
	name := filepath.Base(file)
	for _, end := range []string{".tflite", ".pte", ".npz"} {
		name = strings.TrimSuffix(name, end)
	}
	return campaign.PlainText(name)
}
