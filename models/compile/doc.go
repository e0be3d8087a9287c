// Package compile turns a quantised TensorFlow Lite graph into a command stream
// for one of the four configurations of the Ethos-U55.
//
// The steps: lowering turns operators into kernels, one per NPU operation, over
// feature maps in buffers; layout picks the memory format of every buffer; the
// block search picks the shape of the OFM blocks; buffers get offsets by lifetime.
// So far all is quick, and only so far can it fail. Then weights are encoded in
// the order that the blocks imply, and emission writes the registers, the DMA
// transfers and the waits between them.
package compile
