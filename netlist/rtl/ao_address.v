// ao_address: where sums and operands stand in the shared buffer.
// Page: docs/blocks/output-stage.md, section 7.3.
module ao_address (
    input  wire        element,      // kind 5
    input  wire        wide,
    input  wire        ab, ib_sel,
    input  wire [5:0]  ab_start, ib2_start,
    input  wire [14:0] ab_half, ib_half, ib2_half,
    input  wire [6:0]  blk_w,
    input  wire [7:0]  blk_d,
    input  wire [2:0]  ifm_bytes,
    input  wire        bcast_h, bcast_w, bcast_c,
    input  wire [15:0] oy, ox,
    input  wire [7:0]  depth,        // DEPTH, OBH, OBW
    input  wire [5:0]  rows,
    input  wire [6:0]  columns,
    input  wire [18:0] ifm_h, ifm_w,
    input  wire [4:0]  y,
    input  wire [5:0]  x,
    input  wire [7:0]  channel,      // CC
    output wire [20:0] rd1_addr, rd2_addr,
    output wire [2:0]  rd1_pitch, rd2_pitch,
    output wire [2:0]  rd1_bytes
);
    wire [2:0] acc = wide ? 3'd5 : 3'd4;
    assign rd1_bytes = element ? ifm_bytes : acc;

    // the box of the block: rows and columns that the input has
    wire [20:0] rest_h = {2'd0, ifm_h} - {5'd0, oy};   // negative: none
    wire [20:0] rest_w = {2'd0, ifm_w} - {5'd0, ox};
    wire [5:0]  h = rest_h[20] ? 6'd0 : rest_h[19:0] < {14'd0, rows}    ? rest_h[5:0] : rows;
    wire [6:0]  w = rest_w[20] ? 7'd0 : rest_w[19:0] < {13'd0, columns} ? rest_w[6:0] : columns;

    // sums or first operand
    wire [10:0] flat   = {3'd0, channel} * {8'd0, rd1_bytes};                       // CC * B, CC * ACC
    wire [9:0]  bytes1 = {2'd0, depth} * {7'd0, ifm_bytes};                         // N * B, at most 512
    wire [9:0]  round1 = (bytes1 + 10'd7) & 10'h3f8;
    wire [7:0]  deep   = (blk_d + 8'd7) & 8'hf8;                                    // at most 128
    wire [9:0]  row1   = element ? round1 : {2'd0, deep} * {7'd0, acc};
    wire [11:0] place1 = {7'd0, y} * {5'd0, element ? w : blk_w} + {6'd0, x};
    wire [20:0] base1  = element ? 21'd2048 + {6'd0, ib_half & {15{ib_sel}}}
                                 : {5'd0, ab_start, 10'd0} + {6'd0, ab_half & {15{ab}}};
    assign rd1_addr  = base1 + {9'd0, place1} * {11'd0, row1} + {10'd0, flat};
    assign rd1_pitch = ~element ? acc : depth > 8'd1 ? ifm_bytes : 3'd0;

    // second operand
    wire [5:0]  h2     = bcast_h ? 6'd1 : h;
    wire [6:0]  w2     = bcast_w ? 7'd1 : w;
    wire [7:0]  n2     = bcast_c ? 8'd1 : depth;
    wire [5:0]  most_y = ~|h2 ? 6'd0 : h2 - 6'd1;
    wire [6:0]  most_x = ~|w2 ? 7'd0 : w2 - 7'd1;
    wire [5:0]  y2     = {1'b0, y} < most_y ? {1'b0, y} : most_y;
    wire [6:0]  x2     = {1'b0, x} < most_x ? {1'b0, x} : most_x;
    wire [9:0]  bytes2 = {2'd0, n2} * {7'd0, ifm_bytes};
    wire [9:0]  row2   = (bytes2 + 10'd7) & 10'h3f8;
    wire [11:0] place2 = {6'd0, y2} * {5'd0, w2} + {5'd0, x2};
    assign rd2_addr  = {5'd0, ib2_start, 10'd0} + {6'd0, ib2_half & {15{ib_sel}}} + {9'd0, place2} * {11'd0, row2}
                     + {10'd0, flat & {11{~bcast_c}}};
    assign rd2_pitch = n2 > 8'd1 ? ifm_bytes : 3'd0;
endmodule
