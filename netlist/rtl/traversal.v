// traversal: the five sets of counters, one for each stage of the pipeline.
// Page: docs/blocks/traversal.md. Sets: ifm, wd, mac (job counters; wd and mac with a counter of weight blocks), ao, ofm (block counters).
module traversal #(
    parameter DEPTH = 8   // channels of a micro-block, 4 or 8
) (
    input  wire        clk,
    input  wire        rst,

    // set ifm
    input  wire        ifm_start,
    input  wire        ifm_next,
    input  wire        ifm_end,
    output wire [1:0]  ifm_bank,
    input  wire [6:0]  ifm_blk_w,
    input  wire [5:0]  ifm_blk_h,
    input  wire [7:0]  ifm_blk_d,
    input  wire [16:0] ifm_ofm_w,
    input  wire [16:0] ifm_ofm_h,
    input  wire [16:0] ifm_ofm_d,
    input  wire [16:0] ifm_ifm_d,
    input  wire [7:0]  ifm_ifm_blk_d,
    input  wire        ifm_depth_many,
    input  wire [16:0] ifm_kernel_w,
    input  wire [16:0] ifm_kernel_h,
    input  wire [3:0]  ifm_sub_w,
    input  wire [3:0]  ifm_sub_h,

    // set wd
    input  wire        wd_start,
    input  wire        wd_clear,
    input  wire        wd_next_block,
    input  wire        wd_next,
    input  wire        wd_end,
    output wire [1:0]  wd_bank,
    input  wire [6:0]  wd_blk_w,
    input  wire [5:0]  wd_blk_h,
    input  wire [7:0]  wd_blk_d,
    input  wire [16:0] wd_ofm_w,
    input  wire [16:0] wd_ofm_h,
    input  wire [16:0] wd_ofm_d,
    input  wire [16:0] wd_ifm_d,
    input  wire [7:0]  wd_ifm_blk_d,
    input  wire        wd_depth_many,
    input  wire [16:0] wd_kernel_w,
    input  wire [16:0] wd_kernel_h,
    input  wire [3:0]  wd_sub_w,
    input  wire [3:0]  wd_sub_h,
    input  wire [2:0]  wd_kind,
    input  wire        wd_part_kernel,
    input  wire [2:0]  wd_taps,

    // set mac
    input  wire        mac_start,
    input  wire        mac_clear,
    input  wire        mac_next_block,
    input  wire        mac_next,
    input  wire        mac_end,
    output wire [1:0]  mac_bank,
    input  wire [6:0]  mac_blk_w,
    input  wire [5:0]  mac_blk_h,
    input  wire [7:0]  mac_blk_d,
    input  wire [16:0] mac_ofm_w,
    input  wire [16:0] mac_ofm_h,
    input  wire [16:0] mac_ofm_d,
    input  wire [16:0] mac_ifm_d,
    input  wire [7:0]  mac_ifm_blk_d,
    input  wire        mac_depth_many,
    input  wire [16:0] mac_kernel_w,
    input  wire [16:0] mac_kernel_h,
    input  wire [3:0]  mac_sub_w,
    input  wire [3:0]  mac_sub_h,
    input  wire [2:0]  mac_kind,
    input  wire        mac_part_kernel,
    input  wire [2:0]  mac_taps,

    // set ao
    input  wire        ao_start,
    input  wire        ao_next,
    input  wire        ao_end,
    output wire [1:0]  ao_bank,
    input  wire [6:0]  ao_blk_w,
    input  wire [5:0]  ao_blk_h,
    input  wire [7:0]  ao_blk_d,
    input  wire [16:0] ao_ofm_w,
    input  wire [16:0] ao_ofm_h,
    input  wire [16:0] ao_ofm_d,

    // set ofm
    input  wire        ofm_start,
    input  wire        ofm_next,
    input  wire        ofm_end,
    output wire [1:0]  ofm_bank,
    input  wire [6:0]  ofm_blk_w,
    input  wire [5:0]  ofm_blk_h,
    input  wire [7:0]  ofm_blk_d,
    input  wire [16:0] ofm_ofm_w,
    input  wire [16:0] ofm_ofm_h,
    input  wire [16:0] ofm_ofm_d
);
    // What the stage of a set learns from its counters (over, first and last job of a block) is no signal of this block: every
    // stage has the same counters at hand. These outputs of the modules end in names unused_….
    wire [7:0] unused_ifm_out_channels, unused_ifm_in_channels;
    wire [3:0] unused_ifm_taps_w, unused_ifm_taps_h;
    wire       unused_ifm_on, unused_ifm_over, unused_ifm_first, unused_ifm_last, unused_ifm_moves;
    wire [15:0] unused_ifm_oy, unused_ifm_ox, unused_ifm_oz, unused_ifm_iz, unused_ifm_ky, unused_ifm_kx;
    job_counter ifm (
        .clk(clk), .rst(rst), .start(ifm_start), .next(ifm_next), .finish(ifm_end),
        .blk_w(ifm_blk_w), .blk_h(ifm_blk_h), .blk_d(ifm_blk_d),
        .ofm_w(ifm_ofm_w), .ofm_h(ifm_ofm_h), .ofm_d(ifm_ofm_d),
        .ifm_d(ifm_ifm_d), .ifm_blk_d(ifm_ifm_blk_d), .depth_many(ifm_depth_many),
        .kernel_w(ifm_kernel_w), .kernel_h(ifm_kernel_h), .sub_w(ifm_sub_w), .sub_h(ifm_sub_h),
        .bank(ifm_bank), .on(unused_ifm_on), .over(unused_ifm_over), .first_of_block(unused_ifm_first),
        .last_of_block(unused_ifm_last), .moves_plane(unused_ifm_moves),
        .out_channels(unused_ifm_out_channels), .in_channels(unused_ifm_in_channels),
        .taps_w(unused_ifm_taps_w), .taps_h(unused_ifm_taps_h),
        .oy(unused_ifm_oy), .ox(unused_ifm_ox), .oz(unused_ifm_oz), .iz(unused_ifm_iz), .ky(unused_ifm_ky), .kx(unused_ifm_kx)
    );

    wire [7:0] wd_out_channels, wd_in_channels;
    wire [3:0] wd_taps_w, wd_taps_h;
    wire       unused_wd_on, unused_wd_over, unused_wd_first, unused_wd_last, unused_wd_moves;
    wire [15:0] unused_wd_oy, unused_wd_ox, unused_wd_oz, unused_wd_iz, unused_wd_ky, unused_wd_kx;
    job_counter wd (
        .clk(clk), .rst(rst), .start(wd_start), .next(wd_next), .finish(wd_end),
        .blk_w(wd_blk_w), .blk_h(wd_blk_h), .blk_d(wd_blk_d),
        .ofm_w(wd_ofm_w), .ofm_h(wd_ofm_h), .ofm_d(wd_ofm_d),
        .ifm_d(wd_ifm_d), .ifm_blk_d(wd_ifm_blk_d), .depth_many(wd_depth_many),
        .kernel_w(wd_kernel_w), .kernel_h(wd_kernel_h), .sub_w(wd_sub_w), .sub_h(wd_sub_h),
        .bank(wd_bank), .on(unused_wd_on), .over(unused_wd_over), .first_of_block(unused_wd_first),
        .last_of_block(unused_wd_last), .moves_plane(unused_wd_moves),
        .out_channels(wd_out_channels), .in_channels(wd_in_channels),
        .taps_w(wd_taps_w), .taps_h(wd_taps_h),
        .oy(unused_wd_oy), .ox(unused_wd_ox), .oz(unused_wd_oz), .iz(unused_wd_iz), .ky(unused_wd_ky), .kx(unused_wd_kx)
    );
    wire       unused_wd_inner_over;
    wire [5:0] unused_wd_inner_io, unused_wd_inner_tap;
    wire [6:0] unused_wd_inner_ou;
    inner_counter #(.DEPTH(DEPTH)) wd_inner (
        .clk(clk), .rst(rst), .clear(wd_clear), .next_block(wd_next_block),
        .kind(wd_kind), .part_kernel(wd_part_kernel), .taps(wd_taps),
        .out_channels(wd_out_channels), .in_channels(wd_in_channels),
        .taps_w(wd_taps_w), .taps_h(wd_taps_h), .over(unused_wd_inner_over),
        .io(unused_wd_inner_io), .ou(unused_wd_inner_ou), .tap(unused_wd_inner_tap)
    );

    wire [7:0] mac_out_channels, mac_in_channels;
    wire [3:0] mac_taps_w, mac_taps_h;
    wire       unused_mac_on, unused_mac_over, unused_mac_first, unused_mac_last, unused_mac_moves;
    wire [15:0] unused_mac_oy, unused_mac_ox, unused_mac_oz, unused_mac_iz, unused_mac_ky, unused_mac_kx;
    job_counter mac (
        .clk(clk), .rst(rst), .start(mac_start), .next(mac_next), .finish(mac_end),
        .blk_w(mac_blk_w), .blk_h(mac_blk_h), .blk_d(mac_blk_d),
        .ofm_w(mac_ofm_w), .ofm_h(mac_ofm_h), .ofm_d(mac_ofm_d),
        .ifm_d(mac_ifm_d), .ifm_blk_d(mac_ifm_blk_d), .depth_many(mac_depth_many),
        .kernel_w(mac_kernel_w), .kernel_h(mac_kernel_h), .sub_w(mac_sub_w), .sub_h(mac_sub_h),
        .bank(mac_bank), .on(unused_mac_on), .over(unused_mac_over), .first_of_block(unused_mac_first),
        .last_of_block(unused_mac_last), .moves_plane(unused_mac_moves),
        .out_channels(mac_out_channels), .in_channels(mac_in_channels),
        .taps_w(mac_taps_w), .taps_h(mac_taps_h),
        .oy(unused_mac_oy), .ox(unused_mac_ox), .oz(unused_mac_oz), .iz(unused_mac_iz), .ky(unused_mac_ky), .kx(unused_mac_kx)
    );
    wire       unused_mac_inner_over;
    wire [5:0] unused_mac_inner_io, unused_mac_inner_tap;
    wire [6:0] unused_mac_inner_ou;
    inner_counter #(.DEPTH(DEPTH)) mac_inner (
        .clk(clk), .rst(rst), .clear(mac_clear), .next_block(mac_next_block),
        .kind(mac_kind), .part_kernel(mac_part_kernel), .taps(mac_taps),
        .out_channels(mac_out_channels), .in_channels(mac_in_channels),
        .taps_w(mac_taps_w), .taps_h(mac_taps_h), .over(unused_mac_inner_over),
        .io(unused_mac_inner_io), .ou(unused_mac_inner_ou), .tap(unused_mac_inner_tap)
    );

    wire       unused_ao_over;
    block_counter ao (
        .clk(clk), .rst(rst), .start(ao_start), .next(ao_next), .finish(ao_end),
        .blk_w(ao_blk_w), .blk_h(ao_blk_h), .blk_d(ao_blk_d),
        .ofm_w(ao_ofm_w), .ofm_h(ao_ofm_h), .ofm_d(ao_ofm_d),
        .bank(ao_bank), .over(unused_ao_over)
    );

    wire       unused_ofm_over;
    block_counter ofm (
        .clk(clk), .rst(rst), .start(ofm_start), .next(ofm_next), .finish(ofm_end),
        .blk_w(ofm_blk_w), .blk_h(ofm_blk_h), .blk_d(ofm_blk_d),
        .ofm_w(ofm_ofm_w), .ofm_h(ofm_ofm_h), .ofm_d(ofm_ofm_d),
        .bank(ofm_bank), .over(unused_ofm_over)
    );
endmodule
