// ao_length: the length of a step of the output stage, and whether this clock is its last one.
// Page: docs/blocks/output-stage.md, section 3.1.
module ao_length (
    input  wire [3:0] pass,
    input  wire       valid0, valid1, valid3, valid4,   // valid3 and n3 after the rounding of this clock
    input  wire [3:0] n0, n3, n4,
    input  wire [2:0] kind,
    input  wire [5:0] mode,
    input  wire       four_bytes,                       // of an operand
    input  wire       two_reads,                        // two operands from the shared buffer
    input  wire [2:0] ofm_bytes,
    input  wire       wide,
    input  wire       lut,
    output wire       last
);
    // m: lanes of a token, 1..8
    wire [3:0] m0 = ~|n0 ? 4'd1 : n0[3] ? 4'd8 : n0;
    wire [3:0] m3 = ~|n3 ? 4'd1 : n3[3] ? 4'd8 : n3;
    wire [3:0] m4 = ~|n4 ? 4'd1 : n4[3] ? 4'd8 : n4;

    wire element = kind == 3'd5;
    wire maximum = kind == 3'd2;
    wire narrow  = element & ~four_bytes;
    wire long   = element & four_bytes;
    wire to_add  = narrow & ((mode == 6'd1) | (mode == 6'd2));
    wire three   = element ? narrow & (mode == 6'd0) : wide;

    wire [2:0] combine = {valid0 & to_add, 2'd0};
    wire [2:0] scale   = {3{valid1 & ~maximum}} & (three ? 3'd3 : 3'd2);
    wire [2:0] mult    = combine + scale;                                    // at most 6

    wire [5:0] reads   = (two_reads ? {1'b0, m0, 1'b0} : {2'd0, m0}) + 6'd3;
    wire [6:0] writes  = {3'd0, m4} * {4'd0, ofm_bytes} + 7'd15;
    wire [3:0] port    = ({4{valid0 & long}} & reads[5:2]) + ({4{valid4 & long}} & {1'b0, writes[6:4]});
    wire [1:0] unused_reads  = reads[1:0];
    wire [3:0] unused_writes = writes[3:0];

    wire [3:0] table_clocks = {4{valid3 & lut}} & m3;

    // pass + 1 is not below any of them, nor below 1
    wire [4:0] after = {1'b0, pass} + 5'd1;
    assign last = (after >= {2'd0, mult}) & (after >= {1'b0, port}) & (after >= {1'b0, table_clocks});
endmodule
