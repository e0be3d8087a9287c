// The rows (or columns) of the input that a job of the MAC array needs, in
// the coordinates of the input buffer: origin and count. Combinational.
// Described in docs/blocks/mac-array.md, section 5.1 (span).
module mac_span (
    input  wire [15:0] o,        // first row of the output block
    input  wire [6:0]  outs,     // its rows, 1..64
    input  wire [2:0]  stride,   // 1..4
    input  wire [6:0]  pad,
    input  wire [15:0] k,        // first row of the sub-kernel
    input  wire [3:0]  taps,     // its rows, 1..8
    input  wire [1:0]  dil,      // 1 or 2
    input  wire [18:0] extent,   // rows of the upscaled input
    input  wire [1:0]  upscale,  // 0 none, 1 nearest, 2 zeros between
    output wire signed [19:0] from, // row of the first tap, may lie in the padding
    output wire [15:0] first,
    output wire [9:0]  count
);

    // Products of 20 bits: 65535 * 4 and 65535 * 2 and their sum fit into 19.
    wire [19:0] o_part = {4'd0, o} * {17'd0, stride};
    wire [19:0] k_part = {4'd0, k} * {18'd0, dil};
    assign from = o_part + k_part - {13'd0, pad};

    // From the first to the last row: at most 63 * 4 + 7 * 2.
    wire [9:0] o_more = {3'd0, outs - 7'd1} * {7'd0, stride};
    wire [9:0] k_more = {6'd0, taps - 4'd1} * {8'd0, dil};
    wire signed [19:0] to    = from + {10'd0, o_more + k_more};
    wire signed [19:0] edge_ = {1'b0, extent} - 20'd1;

    wire signed [19:0] lo = from[19] ? 20'd0 : from;
    wire signed [19:0] hi = (to < edge_) ? to : edge_;
    wire outside = hi < lo;

    // In the buffer lies the input before upscaling. Both ends are not negative here.
    wire [19:0] lo_up = (upscale == 2'd2) ? lo + 20'd1 : lo;
    wire unused_low = &{1'b0, lo_up[0]};
    wire [19:0] a = (upscale == 2'd1 || upscale == 2'd2) ? {1'b0, lo_up[19:1]} : lo;
    wire [19:0] b = (upscale == 2'd1 || upscale == 2'd2) ? {1'b0, hi[19:1]} : hi;
    wire none = outside || (upscale == 2'd2 && b < a);

    assign first = none ? 16'd0 : a[15:0];
    assign count = none ? 10'd0 : b[9:0] - a[9:0] + 10'd1;

endmodule
