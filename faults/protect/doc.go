// Package protect finds the cheapest selective protection of a machine that meets
// a target, and proves it.
//
// The search works on the records of a campaign. Every block, and within a block
// every register class, may stay as it is or get a mechanism; the effect of a
// mechanism on the counts is known, so that any design can be judged on one joint
// upper limit. The search is exact, see [Problem.Search].
//
// The proof is a fresh campaign on the machine with the mechanisms of the chosen
// design running beside it, see [Population]. Its seed follows from the campaign
// and the design. It holds when its own limits meet every target. The records of
// the search never enter it.
//
// The files tell by their prefixes which part they belong to, and a test holds that no
// part names what stands to its right:
//
//	machine_   the machine with mechanisms beside it
//	evidence_  what was seen: records of a campaign, by unit, and what mechanisms catch
//	search_    the cheapest design, from evidence alone; nothing here runs a machine
//	proof_     the fresh campaign that shows what a design does
//	run_       the whole: attempts until a proof holds, and all that is reported
package protect
