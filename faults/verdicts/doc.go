// Package verdicts judges the verdict of a protection search against a truth. A
// machine here is the site table of a real configuration with a known probability
// that an upset violates, for every group of registers and every phase of the
// inference. Campaign, search, plan, proof and judgement are those of the product;
// only the machine is replaced by draws from the known truth. A claim "met" is
// false where the true residual of the proven design lies beyond the target.
package verdicts
