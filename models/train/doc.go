// Package train builds the networks that this project ships: it reads Fashion-MNIST,
// trains small convolutional networks in float32, and writes them as int8 TensorFlow Lite
// models. Package nets does the training, the folding of batch normalisation, the
// quantisation and the writing; here are the recipes and the pictures.
//
// Everything is a function of the recipe and its seed: all randomness comes from one PCG
// stream, so the same recipe gives the same bytes on every run. The bytes of the shipped
// files are pinned on amd64; see package nets.
package train
