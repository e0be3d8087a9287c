// clip: a block of length blk at position at, in a dimension of length n.
// Page: docs/blocks/traversal.md, "Counter of weight blocks" (clip) and "Job counter" (the comparisons of next).
//
// One subtraction serves both: at + blk < n is n - at > blk, and where it does not hold the clipped length is n - at.
module clip (
    input  wire [15:0] at,
    input  wire [7:0]  blk,
    input  wire [16:0] n,
    output wire        more,  // at + blk < n: another block follows
    output wire [7:0]  len    // the lesser of n - at and blk; 1 where at >= n
);
    wire [17:0] rest = {1'b0, n} - {2'b0, at};   // negative (bit 17) where at > n
    wire        over = rest[17] | (rest[16:0] == 17'd0);

    assign more = ~rest[17] & (rest[16:0] > {9'd0, blk});
    assign len  = more ? blk : over ? 8'd1 : rest[7:0];
endmodule
