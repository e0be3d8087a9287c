package main

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"upset/models/network"
)

// framesFlag makes sequences of the inputs.
func framesFlag() cli.Flag {
	return &cli.IntFlag{Name: "frames", Value: 1, Usage: "inferences of a sequence: `N` inputs follow each other with the state of the network kept, a fault strikes one of them and is followed to the last"}
}

// readFrames reads --frames.
func readFrames(c *cli.Context) (int, error) {
	n := c.Int("frames")
	if n < 1 || n > network.MaxFrames {
		return 0, usage("--frames %d: give 1 to %d inferences for a sequence", n, network.MaxFrames)
	}
	return n, nil
}

// sequences joins inputs to sequences of frames: the first ones make the first sequence,
// and so on. Where fewer are left than a sequence needs, they are left out; where there
// are fewer than one sequence in all, they are repeated in their order.
func (s inputSet) sequences(frames int) (inputSet, error) {
	if frames <= 1 {
		return s, nil
	}
	out := s
	out.frames = frames
	out.data, out.names, out.labels = join(s.data, frames), nil, nil
	for i := range out.data {
		if len(s.names) > 0 {
			out.names = append(out.names, fmt.Sprintf("%s and the %d behind it", s.names[i*frames%len(s.names)], frames-1))
		}
	}
	if s.held != nil {
		out.held = join(s.held, frames)
	}
	return out, nil
}

// join concatenates every so many inputs.
func join(list [][]byte, frames int) [][]byte {
	if frames <= 1 {
		return list
	}
	var out [][]byte
	for i := 0; i < max(1, len(list)/frames); i++ {
		var b []byte
		for k := range frames {
			b = append(b, list[(i*frames+k)%len(list)]...)
		}
		out = append(out, b)
	}
	return out
}

// readSequence reads the inputs of a sequence: raw tensors of all frames in order.
func readSequence(file string, stdin io.Reader, size int) ([]byte, error) {
	var data []byte
	var err error
	if file == stdinName {
		data, err = io.ReadAll(io.LimitReader(stdin, int64(size)+1))
	} else {
		data, err = readFile(file, int64(size)+1)
	}
	if err != nil {
		return nil, bad(fmt.Errorf("input: %w", err))
	}
	if len(data) != size {
		return nil, usage("input %s has %d bytes, the frames take %d: give the raw tensors of all frames, one after the other", file, len(data), size)
	}
	return data, nil
}
