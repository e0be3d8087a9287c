// One token of the MAC array: byte pass, kernel tap, channels, weights, and
// whether it is the last of its micro-block. Combinational.
// Described in docs/blocks/mac-array.md, sections 5.2, 5.3 and 5.5.
module mac_token #(
    parameter DEPTH = 8
) (
    input  wire [7:0]  step,
    input  wire [5:0]  inner_io,
    input  wire [6:0]  inner_ou,
    input  wire [5:0]  inner_tap,
    input  wire [2:0]  kind,
    input  wire        part_kernel,
    input  wire [2:0]  bytes,
    input  wire [3:0]  sh, sw,    // of the sub-kernel, 1..8 each
    input  wire [7:0]  channels,  // of the job's pixels, 1..128
    output wire [7:0]  step_more, // step + 1
    output wire        last,
    output reg  [1:0]  pass,
    output wire        pass_last,
    output wire [8:0]  tap_y,
    output wire [2:0]  tap_x,
    output wire [12:0] offset,    // of the channels within the pixel, bytes
    output wire [7:0]  chan,
    output wire [7:0]  w_addr
);

    wire deep = kind == 3'd0 || kind == 3'd4;
    wire pool = kind == 3'd2 || kind == 3'd3;

    // Group or tap, and byte pass: a token for each.
    reg [7:0] group;
    always @* begin
        case (bytes)
            3'd1:    begin group = step;              pass = 2'd0; end
            3'd2:    begin group = {1'b0, step[7:1]}; pass = {1'b0, step[0]}; end
            default: begin group = {2'd0, step[7:2]}; pass = step[1:0]; end
        endcase
    end
    assign pass_last = {1'b0, pass} == bytes - 3'd1;

    // Tokens of the micro-block: 4 to 256.
    wire [6:0] taps   = {3'd0, sh} * {3'd0, sw};
    wire [6:0] window = (taps < 7'd4) ? 7'd4 : taps;
    wire [6:0] turns  = pool ? window
                      : (kind != 3'd1 && bytes == 3'd2) ? 7'd2 : 7'd4;
    wire [8:0] tokens = {2'd0, turns} * {6'd0, bytes};
    assign step_more  = step + 8'd1;
    assign last       = {1'b0, step_more} >= tokens;

    // Kernel tap: a division by 1..8 as a product with the reciprocal in
    // 1/2048, rounded up. It is exact for dividends below 512: the reciprocal times
    // the divisor exceeds 2048 by at most 4, for 3 (1), 5 (2), 6 (4) and 7 (3).
    wire along = kind == 3'd1 || (kind == 3'd0 && part_kernel);
    wire [8:0] tap = pool  ? {1'b0, group}
                   : along ? {3'd0, inner_tap} + {1'b0, group}
                   :         {3'd0, inner_tap};
    reg [11:0] reciprocal;
    always @* begin
        case (sw)
            4'd1:    reciprocal = 12'd2048;
            4'd2:    reciprocal = 12'd1024;
            4'd3:    reciprocal = 12'd683;
            4'd4:    reciprocal = 12'd512;
            4'd5:    reciprocal = 12'd410;
            4'd6:    reciprocal = 12'd342;
            4'd7:    reciprocal = 12'd293;
            default: reciprocal = 12'd256;
        endcase
    end
    wire [20:0] quotient = {12'd0, tap} * {9'd0, reciprocal};
    assign tap_y = quotient[19:11];
    wire unused_quotient = &{1'b0, quotient[20], quotient[10:0]};
    wire [2:0] whole = tap_y[2:0] * sw[2:0];
    assign tap_x = tap[2:0] - whole; // modulo 8 is enough: below sw

    // Channels of the token.
    wire [10:0] ch = (pool || kind == 3'd1)      ? {4'd0, inner_ou}
                   : (kind == 3'd0 && part_kernel) ? {5'd0, inner_io}
                   :                                 {group, 3'd0};
    assign offset = {2'd0, ch} * {10'd0, bytes};
    wire [11:0] left = {4'd0, channels} - {1'b0, ch}; // signed
    genvar i;
    generate
        for (i = 0; i < 8; i = i + 1) begin : lane
            localparam [11:0] LANE = i;
            assign chan[i] = !left[11] && left > LANE && (i < DEPTH || deep);
        end
    endgenerate

    // Weights: groups of the weight block, D or 8 * D weights each.
    localparam [7:0] NARROW = DEPTH[7:0];
    localparam [7:0] FULL   = {DEPTH[4:0], 3'd0};
    assign w_addr = {6'd0, group[1:0]} * (kind == 3'd1 ? NARROW : FULL);

endmodule
