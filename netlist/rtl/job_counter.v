// job_counter: the jobs of an operation, in the order that all stages share.
// Page: docs/blocks/traversal.md, "Job counter". The pulse "end" is called finish here, since end is a keyword.
module job_counter (
    input  wire        clk,
    input  wire        rst,
    input  wire        start,
    input  wire        next,
    input  wire        finish,
    input  wire [6:0]  blk_w,
    input  wire [5:0]  blk_h,
    input  wire [7:0]  blk_d,
    input  wire [16:0] ofm_w,
    input  wire [16:0] ofm_h,
    input  wire [16:0] ofm_d,
    input  wire [16:0] ifm_d,
    input  wire [7:0]  ifm_blk_d,
    input  wire        depth_many,
    input  wire [16:0] kernel_w,
    input  wire [16:0] kernel_h,
    input  wire [3:0]  sub_w,
    input  wire [3:0]  sub_h,
    output reg  [1:0]  bank,
    (* keep *)
    output reg         on,
    output wire        over,
    output wire        first_of_block,
    output wire        last_of_block,
    output wire        moves_plane,
    // lengths at the present position, for the counter of weight blocks
    output wire [7:0]  out_channels,
    output wire [7:0]  in_channels,   // clipped: what kind 0 uses
    output wire [3:0]  taps_w,
    output wire [3:0]  taps_h,
    // positions, before a start of this clock
    (* keep *)
    output reg  [15:0] oy, ox, oz, iz, ky, kx
);

    // positions after a start of this clock
    wire [15:0] oy0 = start ? 16'd0 : oy;
    wire [15:0] ox0 = start ? 16'd0 : ox;
    wire [15:0] oz0 = start ? 16'd0 : oz;
    wire [15:0] iz0 = start ? 16'd0 : iz;
    wire [15:0] ky0 = start ? 16'd0 : ky;
    wire [15:0] kx0 = start ? 16'd0 : kx;

    wire more_oy, more_ox, more_oz, rest_iz, more_ky, more_kx;
    wire more_iz = depth_many & rest_iz;

    // one clip a dimension; lengths that nobody uses end in the names unused_…
    wire [7:0] unused_y, unused_x;
    wire [7:0] len_ky, len_kx;
    clip clip_oy (.at(oy0), .blk({2'd0, blk_h}), .n(ofm_h),    .more(more_oy), .len(unused_y));
    clip clip_ox (.at(ox0), .blk({1'd0, blk_w}), .n(ofm_w),    .more(more_ox), .len(unused_x));
    clip clip_oz (.at(oz0), .blk(blk_d),         .n(ofm_d),    .more(more_oz), .len(out_channels));
    clip clip_iz (.at(iz0), .blk(ifm_blk_d),     .n(ifm_d),    .more(rest_iz), .len(in_channels));
    clip clip_ky (.at(ky0), .blk({4'd0, sub_h}), .n(kernel_h), .more(more_ky), .len(len_ky));
    clip clip_kx (.at(kx0), .blk({4'd0, sub_w}), .n(kernel_w), .more(more_kx), .len(len_kx));

    // a clipped length is at most sub_w, sub_h (or 1)
    wire [7:0] unused_high = {len_ky[7:4], len_kx[7:4]};
    assign taps_h = len_ky[3:0];
    assign taps_w = len_kx[3:0];

    // "the lines of next up to this one did not hold"
    wire past_kx = ~more_kx;
    wire past_ky = past_kx & ~more_ky;
    wire past_iz = past_ky & ~more_iz;
    wire past_oz = past_iz & ~more_oz;
    wire past_ox = past_oz & ~more_ox;

    assign over           = past_ox & ~more_oy;
    assign first_of_block = ~|{iz0, ky0, kx0};
    assign last_of_block  = past_iz;
    assign moves_plane    = past_oz & (more_ox ? |blk_w : |ox0 | (more_oy ? |blk_h : |oy0));

    always @(posedge clk)
        if (rst) begin
            bank <= 2'd0;
            on   <= 1'b0;
            oy   <= 16'd0;
            ox   <= 16'd0;
            oz   <= 16'd0;
            iz   <= 16'd0;
            ky   <= 16'd0;
            kx   <= 16'd0;
        end else begin
            bank <= bank + {1'b0, finish};
            on   <= (on | start) & ~finish;
            kx   <= ~next             ? kx0 : more_kx ? kx0 + {12'd0, sub_w}    : 16'd0;
            ky   <= ~(next & past_kx) ? ky0 : more_ky ? ky0 + {12'd0, sub_h}    : 16'd0;
            iz   <= ~(next & past_ky) ? iz0 : more_iz ? iz0 + {8'd0, ifm_blk_d} : 16'd0;
            oz   <= ~(next & past_iz) ? oz0 : more_oz ? oz0 + {8'd0, blk_d}     : 16'd0;
            ox   <= ~(next & past_oz) ? ox0 : more_ox ? ox0 + {9'd0, blk_w}     : 16'd0;
            oy   <= ~(next & past_ox) ? oy0 : more_oy ? oy0 + {10'd0, blk_h}    : 16'd0;
        end
endmodule
