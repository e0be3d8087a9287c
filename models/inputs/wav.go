package inputs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"upset/models/network"
	"upset/models/tflite"
)

// Codes of the samples in a WAV file (Microsoft, Multimedia Programming Interface;
// RFC 2361).
const (
	wavPCM        = 1
	wavFloat      = 3
	wavExtensible = 0xfffe // the code stands in front of a GUID
)

// sound is what a WAV file says of its samples.
type sound struct {
	code, channels, bits int
	rate                 int // samples per second
	samples              []byte
}

// parseWAV walks the chunks of a RIFF file.
func parseWAV(data []byte) (*sound, error) {
	if len(data) < 12 || string(data[:4]) != "RIFF" || string(data[8:12]) != "WAVE" {
		return nil, errors.New("no WAV file: RIFF and WAVE are missing")
	}
	s := &sound{}
	for data = data[12:]; len(data) >= 8; {
		name, n := string(data[:4]), int64(binary.LittleEndian.Uint32(data[4:]))
		data = data[8:]
		body := data[:min(n, int64(len(data)))]
		switch name {
		case "fmt ":
			if len(body) < 16 {
				return nil, errors.New("the format of the WAV file is cut off")
			}
			s.code, s.channels, s.bits = int(binary.LittleEndian.Uint16(body)), int(binary.LittleEndian.Uint16(body[2:])), int(binary.LittleEndian.Uint16(body[14:]))
			s.rate = int(binary.LittleEndian.Uint32(body[4:]))
			if s.code == wavExtensible && len(body) >= 26 {
				s.code = int(binary.LittleEndian.Uint16(body[24:]))
			}
		case "data":
			s.samples = body
		}
		if s.code != 0 && s.samples != nil {
			return s, nil
		}
		data = data[min(n+n%2, int64(len(data))):] // chunks begin at even places
	}
	return nil, errors.New("the WAV file has no format or no samples")
}

// real are the samples as numbers from −1 to 1.
func (s *sound) real() ([]float32, error) {
	if s.channels != 1 {
		return nil, fmt.Errorf("the sound has %d channels: make it one, for example with ffmpeg -i IN.wav -ac 1 OUT.wav", s.channels)
	}
	var out []float32
	switch {
	case s.code == wavPCM && s.bits == 16:
		out = make([]float32, len(s.samples)/2)
		for i := range out {
			out[i] = float32(int16(binary.LittleEndian.Uint16(s.samples[2*i:]))) / 32768
		}
	case s.code == wavFloat && s.bits == 32:
		out = make([]float32, len(s.samples)/4)
		for i := range out {
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(s.samples[4*i:]))
		}
	default:
		return nil, fmt.Errorf("the sound has %d-bit samples of kind %d: make it PCM of 16 bits, for example with ffmpeg -i IN.wav -c:a pcm_s16le OUT.wav", s.bits, s.code)
	}
	return out, nil
}

// fits compares the samples per second with those that the network takes. Other ones
// would be another pitch and speed, which no shape shows.
func (s *sound) fits(o Options) error {
	switch {
	case o.Rate == 0 && o.Unsure != nil:
		o.Unsure(s.rate)
	case o.Rate != 0 && s.rate != o.Rate:
		return fmt.Errorf("the sound has %d samples per second, the network takes %d: change it, for example with ffmpeg -i IN.wav -ar %d OUT.wav", s.rate, o.Rate, o.Rate)
	}
	return nil
}

// decodeWAV cuts sound into whole frames of a tensor whose shape is one row of samples.
// A frame that is not filled is left out.
func decodeWAV(data []byte, b *network.Binding, o Options) ([][]byte, error) {
	dims := LongDims(b.Shape)
	if len(dims) != 1 {
		return nil, fmt.Errorf("the network takes %s %v, which is no row of samples: compute what it takes as in its training, and give a .npy of it", b.Type, b.Shape)
	}
	s, err := parseWAV(data)
	if err != nil {
		return nil, err
	}
	real, err := s.real()
	if err != nil {
		return nil, err
	}
	if err := s.fits(o); err != nil {
		return nil, err
	}
	count := len(real) / dims[0]
	if count < 1 || count > maxInputs {
		return nil, fmt.Errorf("%d samples are %d frames of %d: between 1 and %d are read", len(real), count, dims[0], maxInputs)
	}
	if wholeNumbers(b) {
		for i := range real {
			real[i] *= 32768
		}
	}
	list := make([][]byte, count)
	for i := range list {
		if list[i], err = Quantise(real[i*dims[0]:(i+1)*dims[0]], b); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// wholeNumbers reports a tensor that is meant for samples from −32768 to 32767 and not
// from −1 to 1: one whose range is far wider (256, our choice).
func wholeNumbers(b *network.Binding) bool {
	const wide = 256
	_, high, ok := integers(b.Type)
	return ok && b.Type != tflite.Float32 && len(b.Quant.Scale) == 1 && float64(b.Quant.Scale[0])*float64(high) > wide
}
