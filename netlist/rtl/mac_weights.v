// Weights of a token of the MAC array: those of the weight block, or a
// diagonal for the kinds that have a lane for each channel. Combinational.
// Described in docs/blocks/mac-array.md, section 5.5.
module mac_weights #(
    parameter DEPTH = 8
) (
    input  wire [2:0]          kind,
    input  wire [72*DEPTH-1:0] w_data,
    output wire [72*DEPTH-1:0] weights
);

    genvar o, i;
    generate
        for (o = 0; o < DEPTH; o = o + 1) begin : channel
            // Sums over channels are those of channel 0.
            wire [8:0] ones = (o == 0) ? 9'd1 : 9'd0;
            for (i = 0; i < 8; i = i + 1) begin : lane
                wire [8:0] unit = (i == o) ? 9'd1 : 9'd0;
                wire [8:0] own  = (i == o) ? w_data[9*o +: 9] : 9'd0;
                assign weights[9*(8*o+i) +: 9] = kind == 3'd0 ? w_data[9*(8*o+i) +: 9]
                    : kind == 3'd1 ? own
                    : kind == 3'd4 ? ones
                    :                unit;
            end
        end
    endgenerate

endmodule
