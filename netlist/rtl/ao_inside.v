// ao_inside: taps of a kernel that lie inside the input, in one dimension.
// Page: docs/blocks/output-stage-lanes.md, section 6, "Divisor".
module ao_inside (
    input  wire [15:0] position,
    input  wire [2:0]  stride,
    input  wire [6:0]  pad,
    input  wire        two,        // dilation 2, else 1
    input  wire [16:0] taps,
    input  wire [18:0] extent,
    output wire [6:0]  number      // at most 64
);
    wire [18:0] start = {3'd0, position} * {16'd0, stride};
    wire [19:0] at    = {1'b0, start} - {13'd0, pad};        // signed
    wire [20:0] rest  = {2'd0, extent} - {at[19], at} - 21'd1;   // extent - 1 - at, negative where at >= extent
    wire [6:0]  ahead = ~at[6:0] + 7'd1;                      // -at where at is negative: at most 127
    wire [7:0]  odd   = {1'b0, ahead} + 8'd1;
    wire [6:0]  low   = ~at[19] ? 7'd0 : two ? odd[7:1] : ahead;
    wire [20:0] steps = (two ? {1'b0, rest[20:1]} : rest) + 21'd1;
    wire [20:0] high  = steps < {4'd0, taps} ? steps : {4'd0, taps};
    wire [20:0] count = high - {14'd0, low};                  // negative: nothing
    wire        none  = rest[20] | count[20];
    wire        unused_odd = odd[0];

    assign number = none ? 7'd0 : |count[19:6] ? 7'd64 : count[6:0];
endmodule
