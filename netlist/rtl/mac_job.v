// Extents of the output block of a job of the MAC array, and the values that
// its registers take when the job starts. Combinational: a function of the
// job's counters and of the settings of its operation.
// Described in docs/blocks/mac-array.md, section 5.1.
module mac_job (
    // Counters of the job, after a start of this clock, and the lengths that they give.
    input  wire [15:0] oy, ox, ky, kx,
    input  wire [3:0]  sh, sw,
    input  wire [7:0]  channels,
    // Settings.
    input  wire [2:0]  bytes,
    input  wire [6:0]  blk_w,
    input  wire [5:0]  blk_h,
    input  wire [16:0] ofm_w, ofm_h,
    input  wire [18:0] ifm_w, ifm_h,
    input  wire [2:0]  stride_x, stride_y,
    input  wire [1:0]  dil_x, dil_y,
    input  wire [6:0]  pad_left, pad_top,
    input  wire [1:0]  upscale,
    // Rows and columns of the output block.
    output wire [5:0]  obh,
    output wire [6:0]  obw,
    // Input row and column of the block's first output and the sub-kernel's first tap.
    output wire signed [19:0] from_y, from_x,
    // Registers of the box.
    output wire [15:0] y0, x0,
    output wire [9:0]  row, pix
);

    // The lengths are at most blk_h and blk_w: no bit is lost.
    wire [7:0] h, w;
    wire unused_more_y, unused_more_x;
    clip clip_y (.at(oy), .blk({2'd0, blk_h}), .n(ofm_h), .more(unused_more_y), .len(h));
    clip clip_x (.at(ox), .blk({1'b0, blk_w}), .n(ofm_w), .more(unused_more_x), .len(w));
    assign obh = h[5:0];
    assign obw = w[6:0];
    wire unused_high = &{1'b0, h[7:6], w[7]};

    // Bytes of a pixel, rounded up to eight: at most 512.
    wire [9:0] up = {2'd0, channels} * {7'd0, bytes} + 10'd7;
    assign pix = {up[9:3], 3'd0};
    wire unused_low = &{1'b0, up[2:0]};

    // Of the rows only the origin is kept.
    wire [9:0] unused_rows;
    mac_span span_y (
        .o(oy), .outs({1'b0, obh}), .stride(stride_y), .pad(pad_top),
        .k(ky), .taps(sh), .dil(dil_y), .extent(ifm_h), .upscale(upscale),
        .from(from_y), .first(y0), .count(unused_rows)
    );
    mac_span span_x (
        .o(ox), .outs(obw), .stride(stride_x), .pad(pad_left),
        .k(kx), .taps(sw), .dil(dil_x), .extent(ifm_w), .upscale(upscale),
        .from(from_x), .first(x0), .count(row)
    );

endmodule
