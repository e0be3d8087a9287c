// Package train builds the networks that this project ships: it reads
// Fashion-MNIST, trains small convolutional networks in float32, folds batch
// normalisation, quantises to int8 after training by the TensorFlow Lite rules
// and writes the result as a TensorFlow Lite model.
//
// Everything is a function of the recipe and its seed. Training runs on one
// goroutine, all randomness comes from one PCG stream, and no step reads a
// clock, so the same recipe gives the same bytes on every run. Products that
// feed a sum are rounded by an explicit conversion, which keeps the compiler
// from fusing them; the vector kernels are those of gonum, whose amd64 versions
// fix the order of summation. The bytes of the shipped files are therefore
// pinned on amd64. Other processors train an equally good network whose low
// bits differ.
package train
