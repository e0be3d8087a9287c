// Package container reads the files that others compiled for the NPU, in every form: the
// TensorFlow Lite models that Vela writes, of all versions, with the driver payloads COP1
// and COP2, its raw output (.npz), and ExecuTorch programs (.pte). Each comes out as one
// form, that of a Vela output: a graph whose NPU operators carry their command stream, and
// a memory plan. The package also writes that form. What runs of it is models/network's
// matter.
package container
