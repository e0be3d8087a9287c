// wd_length8: the number of ones in eight bits that are ones from bit 0 up to some place and zeros above. Combinational.
// Used by wd_emitter (docs/blocks/weight-decoder.md, "Emit").
module wd_length8 (
    input  wire [7:0] ones,
    output wire [3:0] length
);
    assign length[3] = ones[7];
    assign length[2] = ones[3] & ~ones[7];
    assign length[1] = (ones[1] & ~ones[3]) | (ones[5] & ~ones[7]);
    assign length[0] = (ones[0] & ~ones[1]) | (ones[2] & ~ones[3]) | (ones[4] & ~ones[5]) | (ones[6] & ~ones[7]);
endmodule
