// Package campaign plans, runs, logs and resumes fault-injection campaigns and
// turns their records into results.
//
// A campaign is defined by its [Spec] alone. Injection i is a pure function of
// the spec, the plan of its round and i: neither the number of workers, nor the
// order of work, nor an interruption changes a record or a digest. The plan of a
// round follows from the completed rounds and is stored in the log.
//
// Strata are block × register class × phase. A phase is a stretch of consecutive
// layers; there are at most eight. Strata whose planned sample is thin are merged
// before anything is drawn. Weights are exact: bits × cycles.
package campaign
