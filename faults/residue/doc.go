// Package residue asks whether a fault that is taken as masked harms a later
// inference. A campaign calls an upset masked where the output is right and the same
// input, run once more without a reset, ends right, too. Here two further inferences of
// other inputs run on the machine as the upset left it.
package residue
