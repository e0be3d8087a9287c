// Package residue asks whether a fault that is taken as masked harms a later
// inference. A campaign calls an upset masked where the output is right and the next
// inference, of another input and without a reset, ends right, too. Here further
// inferences run on the machine as the upset left it.
package residue
