// ao_round: the rounding shifter of a lane.
// Page: docs/blocks/output-stage-lanes.md, section 4.2.
module ao_round (
    input  wire [79:0] product,   // signed
    input  wire [5:0]  places,    // to the right
    input  wire [1:0]  mode,      // 0 double, 1 towards zero, 2 and 3 half up
    output wire [63:0] rounded    // signed, cut to 64 bits
);
    wire        negative = product[79];
    wire [63:0] power    = 64'd1 << places;
    wire [63:0] below    = ~({64{1'b1}} << places);      // 2^places - 1
    wire [63:0] half     = power >> 1;                   // 0 where places is 0
    wire        further  = (mode == 2'd0) & places[5];   // more than 31 places: a half of 2^31 is added or taken away, too
    wire [63:0] quarter  = {{34{further & negative}}, {30{1'b0}}} | {33'd0, further & ~negative, 30'd0};
    wire [63:0] bias     = mode == 2'd1 ? below & {64{negative}} : half + quarter;

    wire signed [80:0] sum     = {product[79], product} + {17'd0, bias};
    wire signed [80:0] shifted = sum >>> places;
    wire [16:0]        unused_high = shifted[80:64];
    assign rounded = shifted[63:0];
endmodule
