package network

import (
	"context"

	"upset/models/container"
	"upset/npu"
	"upset/npu/isa"
)

// Open reads a model from the bytes of a file and brings it to the given
// configuration: a Vela output (.tflite or .npz) and an ExecuTorch program run as
// they are, any other TensorFlow Lite model is compiled, with the operators that the
// NPU cannot execute left to the host.
func Open(data []byte, cfg isa.Config) (*Network, error) {
	return OpenWith(context.Background(), data, cfg, Options{})
}

// Options say how a file is opened.
type Options struct {
	System   npu.System // whose memories the network must fit; the zero value is the default one
	Lenient  bool       // accept what TFLite's kernels refuse, see [tflite.Subgraph]
	Alone    bool       // run one delegate of an ExecuTorch program, and nothing around it
	Delegate int        // its number, from 0
}

// OpenWith is Open with options, until a context ends: compiling then ends soon, with the
// context's error.
func OpenWith(ctx context.Context, data []byte, cfg isa.Config, o Options) (*Network, error) {
	n, err := openWith(ctx, data, cfg, o)
	if err != nil {
		return nil, err
	}
	return n, n.Fits(o.System)
}

func openWith(ctx context.Context, data []byte, cfg isa.Config, o Options) (*Network, error) {
	if o.Alone {
		m, err := container.Delegate(data, o.Delegate)
		if err != nil {
			return nil, err
		}
		return FromVela(m, cfg)
	}
	m, err := container.Model(data)
	if err != nil {
		return nil, err
	}
	if container.IsVela(m) {
		return FromVela(m, cfg)
	}
	if len(m.Subgraphs) > 0 {
		m.Subgraphs[0].Lenient = o.Lenient
	}
	return Compile(ctx, m, cfg, o.System)
}
