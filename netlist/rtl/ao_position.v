// ao_position: numbers of the position that is read next, and the one behind it.
// Page: docs/blocks/output-stage.md, sections 7 (numbers) and 7.4.
module ao_position #(
    parameter LANES = 1
) (
    input  wire [3:0] oz,          // low bits of the block's first channel
    input  wire [7:0] depth,       // DEPTH, OBH, OBW
    input  wire [5:0] rows,
    input  wire [6:0] columns,
    input  wire [6:0] slot,
    input  wire [3:0] b,
    input  wire [4:0] y,
    input  wire [5:0] x,
    input  wire [3:0] c,
    input  wire       one_byte,    // of a result
    input  wire       two_bytes,
    output wire [3:0] lanes,       // TL
    output wire [7:0] channel,     // CC
    output wire       lastpixel,
    output wire       closes,
    output wire [6:0] slots,       // slot + 1
    output wire       done,        // the block is read: steps 6 and 7
    output wire [6:0] slot_next,
    output wire [3:0] b_next,
    output wire [4:0] y_next,
    output wire [5:0] x_next,
    output wire [3:0] c_next
);
    localparam [4:0] MOST = LANES[4:0];

    // channels of the brick
    wire [8:0] low    = {1'b0, b, 4'd0} - {5'd0, oz};           // 16 b - oz, negative only with b = 0
    wire [7:0] from   = low[8] ? 8'd0 : low[7:0];
    wire [8:0] to     = {1'b0, b, 4'd0} + 9'd16 - {5'd0, oz};   // 1..256
    wire [8:0] end_at = {1'b0, depth} < to ? {1'b0, depth} : to;
    wire [8:0] many   = end_at - {1'b0, from};
    wire [4:0] ch     = many[8] ? 5'd0 : many[4:0];             // 0..16
    wire [2:0] unused_many = many[7:5];
    wire [7:0] bricks = ({4'd0, oz} + depth + 8'd15) >> 4;      // at most 15 + 128 + 15

    // channels of the token
    wire [5:0] rest   = {1'b0, ch} - {2'd0, c};
    wire [4:0] tl     = rest[5] | ~|rest ? 5'd1 : rest[4:0] < MOST ? rest[4:0] : MOST;
    wire       unused_tl = tl[4];
    assign lanes   = tl[3:0];
    assign channel = from + {4'd0, c};

    wire [7:0] x1 = {2'd0, x} + 8'd1;
    wire [6:0] y1 = {2'd0, y} + 7'd1;
    assign lastpixel = (x1 >= {1'b0, columns}) & (y1 >= {1'b0, rows});
    wire lastbrick   = {4'd0, b} + 8'd1 >= bricks;

    // steps 1 to 5
    wire [4:0] c1     = {1'b0, c} + tl;
    wire       in_row = c1 < ch;                                // step 1
    assign c_next     = in_row ? c1[3:0] : 4'd0;
    assign slots      = slot + 7'd1;
    wire [4:0] full   = one_byte ? 5'd16 : two_bytes ? 5'd8 : 5'd4;
    wire       fills  = (slots >= {2'd0, full}) | (lastpixel & lastbrick);
    assign closes     = ~in_row & fills;
    assign slot_next  = in_row ? slot : fills ? 7'd0 : slots;

    wire more_x  = ~x1[6] & (x1[6:0] < columns);
    wire more_y  = ~y1[5] & (y1[5:0] < rows);
    wire past_x  = ~in_row & ~more_x;
    wire past_y  = past_x & ~more_y;
    assign done  = past_y & lastbrick;
    assign x_next = in_row ? x : more_x ? x1[5:0] : 6'd0;
    assign y_next = ~past_x ? y : more_y ? y1[4:0] : 5'd0;
    assign b_next = ~past_y ? b : lastbrick ? 4'd0 : b + 4'd1;
endmodule
