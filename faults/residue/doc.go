// Package residue asks whether a fault that is taken as masked harms a later
// inference. A campaign calls an upset masked where the output is right and nothing that
// later inferences read is wrong any more. Here the upset is repeated on a plain machine,
// which steps every clock, with a host of its own: four times as many inferences follow
// as a campaign looks at, with the inputs in another order. Nothing of the engine's
// classification is used, so that a mistake in it shows as harm.
package residue
