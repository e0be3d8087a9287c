// Command rebuild trains the networks that the project ships and rewrites
// their files in testdata/models. Run it from the project's root:
//
//	go run ./models/train/rebuild
//	go run ./models/train/rebuild -selection [TASK...]
//
// The second form rewrites models/selection/artefacts instead.
//
// It needs the Debian package dataset-fashion-mnist. The same sources give the
// same bytes on every run.
package main

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"upset/models/train"
	"upset/models/zoo"
)

// shippedPictures is the number of test pictures stored beside each model (our
// choice: enough for a campaign, few enough to commit).
const shippedPictures = 200

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "rebuild:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("rebuild", flag.ContinueOnError)
	only := flags.String("only", "", "rebuild only the network of this name")
	data := flags.String("data", train.DefaultDataDir, "folder of the four Fashion-MNIST files")
	dir := flags.String("out", "", "folder to write (default: testdata/models of the project)")
	selection := flags.Bool("selection", false, "rebuild the networks of the selection tasks instead; arguments name tasks")
	if err := flags.Parse(args); err != nil {
		return err
	}
	runtime.GOMAXPROCS(1) // training is one goroutine; leave the other cores alone
	if *selection {
		return rebuildSelection(flags.Args(), *data, *dir, out)
	}
	recipes := train.Recipes()
	if *only != "" {
		r, err := train.RecipeByName(*only)
		if err != nil {
			return err
		}
		recipes = []*train.Recipe{r}
	}
	if *dir == "" {
		found, err := zoo.Dir()
		if err != nil {
			return err
		}
		*dir = found
	}
	training, test, err := train.LoadFashion(*data)
	if err != nil {
		return err
	}
	for _, r := range recipes {
		if err := rebuild(r, training, test, *dir, out); err != nil {
			return err
		}
	}
	return nil
}

func rebuild(r *train.Recipe, training, test *train.Images, dir string, out io.Writer) error {
	result, err := r.Make(training, func(epoch int, loss float64) {
		fmt.Fprintf(out, "%s: epoch %d of %d, loss %.4f\n", r.Name, epoch+1, r.Epochs, loss)
	})
	if err != nil {
		return err
	}
	prepared, err := r.Prepare(test)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, r.Name+".tflite"), result.Model, 0o644); err != nil {
		return err
	}
	if err := writeInputs(filepath.Join(dir, r.Name+".inputs"), prepared.Head(shippedPictures)); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d bytes, %d MACs, float top-1 %.2f %%, sha256 %x\n", r.Name, len(result.Model),
		result.Float.MACs(), 100*result.Accuracy(prepared), sha256.Sum256(result.Model))
	if n, err := zoo.ByName(r.Name); err == nil {
		if err := n.Check(result.Model); err != nil {
			fmt.Fprintf(out, "%s: %v; record the new figures in models/zoo and testdata/models/README.md\n", r.Name, err)
		}
	}
	return nil
}

func writeInputs(dir string, set *train.Images) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var labels strings.Builder
	for i := 0; i < set.Len(); i++ {
		name := filepath.Join(dir, fmt.Sprintf("in_%03d.bin", i))
		if err := os.WriteFile(name, train.InputTensor(set.Picture(i)), 0o644); err != nil {
			return err
		}
		labels.WriteString(strconv.Itoa(int(set.Labels[i])) + "\n")
	}
	return os.WriteFile(filepath.Join(dir, "labels.txt"), []byte(labels.String()), 0o644)
}
