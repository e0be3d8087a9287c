package main

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"upset/models/driver"
	"upset/models/inputs"
)

// stdinName stands for the standard input in --input.
const stdinName = "-"

// pictureFlags say how pictures become inputs.
func pictureFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "image-scale", Usage: "numbers that pixels stand for: `LOW..HIGH` such as 0..1, imagenet, or mean:M,std:S in pixels; without it what the model's metadata or the range of its input say"},
		&cli.BoolFlag{Name: "resize", Usage: "stretch pictures to the size that the network takes"},
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
	return o, nil
}

// declared takes the scaling of pictures from the model's metadata where the user gives
// none.
func declared(o inputs.Options, n *driver.Network) inputs.Options {
	if o.Scale == nil && len(n.Inputs) == 1 {
		o.Scale = inputs.ScaleOf(n.Normalisation(0))
	}
	return o
}

// readInput reads the input of one inference: raw tensors in graph order, an array, a
// picture or sound. A file that holds several is refused.
func readInput(file string, stdin io.Reader, n *driver.Network, o inputs.Options) ([]byte, error) {
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
