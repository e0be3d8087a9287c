// Bytes of the sums of one pixel in the shared buffer: the channels of the block,
// rounded up to eight, times four or five bytes. Combinational.
// Described in docs/blocks/mac-array.md, section 4.1 (PITCH).
module mac_pitch (
    input  wire [7:0]  blk_d,
    input  wire        wide,
    output wire [10:0] pitch
);

    wire [8:0] up = {1'b0, blk_d} + 9'd7;
    assign pitch = {up[8:3], 5'd0} + (wide ? {2'd0, up[8:3], 3'd0} : 11'd0);
    wire unused = &{1'b0, up[2:0]};

endmodule
