package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"upset/models/inputs"
	"upset/models/network"
	"upset/stats/result"
)

// stdinName stands for the standard input in --input.
const stdinName = "-"

// maxRate is the largest number of samples per second that a WAV file can name: its field
// has 32 bits.
const maxRate = math.MaxUint32

// pictureFlags say how pictures and sound become inputs.
func pictureFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "image-scale", Usage: "numbers that pixels stand for: `LOW..HIGH` such as 0..1, imagenet, or mean:M,std:S in pixels; without it what the model's metadata or the range of its input say"},
		&cli.BoolFlag{Name: "resize", Usage: "stretch pictures to the size that the network takes"},
		&cli.Int64Flag{Name: "rate", Usage: "samples of sound per second that the network takes, in `HZ`; WAV files of another rate are refused; without it what the model's metadata say"},
	}
}

// readPictureFlags reads the flags of pictureFlags.
func readPictureFlags(c *cli.Context) (inputs.Options, error) {
	o := inputs.Options{Resize: c.Bool("resize")}
	if text := c.String("image-scale"); text != "" {
		s, err := inputs.ParseScale(text)
		if err != nil {
			return o, usage("--image-scale %w", err)
		}
		o.Scale = s
	}
	if rate := c.Int64("rate"); c.IsSet("rate") {
		if rate < 1 || rate > maxRate {
			return o, usage("--rate %d is not between 1 and %d samples per second", rate, int64(maxRate))
		}
		o.Rate = int(rate)
	}
	return o, nil
}

// notePictures keeps the flags in the note of a campaign.
func notePictures(note map[string]string, o inputs.Options) {
	if o.Scale != nil {
		note[noteScale] = o.Scale.Name
	}
	if o.Resize {
		note[noteResize] = "yes"
	}
	if o.Rate != 0 {
		note[noteRate] = strconv.Itoa(o.Rate)
	}
}

// notedPictures reads them again.
func notedPictures(note map[string]string) (inputs.Options, error) {
	o := inputs.Options{Resize: note[noteResize] != ""}
	if text := note[noteScale]; text != "" {
		s, err := inputs.ParseScale(text)
		if err != nil {
			return o, fmt.Errorf("the campaign's scaling of pictures: %w", err)
		}
		o.Scale = s
	}
	if text := note[noteRate]; text != "" {
		rate, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return o, fmt.Errorf("the campaign's sample rate: %w", err)
		}
		o.Rate = int(rate)
	}
	return o, nil
}

// declared takes the scaling of pictures and the sample rate from the model's metadata
// where the user gives none.
func declared(o inputs.Options, n *network.Network) inputs.Options {
	if o.Scale == nil && len(n.Inputs) == 1 {
		o.Scale = inputs.ScaleOf(n.Normalisation(0))
	}
	if o.Rate == 0 && len(n.Inputs) == 1 {
		o.Rate = n.SampleRate(0)
	}
	return o
}

// heard are the samples per second of sound that nothing vouches for, each rate once.
type heard []int

// hear keeps a rate.
func (h *heard) hear(rate int) {
	if i, known := slices.BinarySearch(*h, rate); !known {
		*h = slices.Insert(*h, i, rate)
	}
}

// warning says so; there is none where no rate was heard.
func (h heard) warning() (w result.Warning, ok bool) {
	if len(h) == 0 {
		return w, false
	}
	list := make([]string, len(h))
	for i, rate := range h {
		list[i] = strconv.Itoa(rate)
	}
	return result.Warning{
		Code:    "sample_rate",
		Message: "the sound has " + strings.Join(list, " and ") + " samples per second, and nothing says how many the network takes; give them with --rate",
	}, true
}

// readInput reads the input of one inference: raw tensors in graph order, an array, a
// picture or sound. A file that holds several is refused.
func readInput(file string, stdin io.Reader, n *network.Network, o inputs.Options) ([]byte, error) {
	o = declared(o, n)
	if file == stdinName {
		data, err := io.ReadAll(io.LimitReader(stdin, inputs.Limit("", n.Inputs)))
		if err != nil {
			return nil, bad(fmt.Errorf("input: %w", err))
		}
		list, err := inputs.Decode("", data, n.Inputs, o)
		if err != nil {
			return nil, usage("input %s: %w", file, err)
		}
		return list[0], nil
	}
	list, err := inputs.File(file, n.Inputs, o)
	if err != nil {
		return nil, bad(err)
	}
	if len(list) > 1 {
		return nil, usage("input %s holds %d inputs: one inference takes one; upset campaign takes a folder of them with --inputs", file, len(list))
	}
	return list[0], nil
}
