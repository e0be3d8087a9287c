// Job control of the MAC array: start of jobs, issue of tokens, the walk over
// micro-blocks, and the events. Combinational: a function of the control's registers and
// of the counters, which stand in mac_array.
// Described in docs/blocks/mac-array.md, sections 5 and 6.
module mac_control #(
    parameter HEIGHT = 2,
    parameter WIDTH  = 2,
    parameter DEPTH  = 8
) (
    // State of other blocks, as for mac_array.
    input  wire [3:0]  op_valid, elem_read,
    input  wire [5:0]  lay_ab,
    input  wire        lay_lut,
    input  wire [1:0]  ao_bank, ib_full,
    input  wire        ib_sel,
    input  wire [1:0]  ab_busy, wd_full,
    // Settings of the operation of bank_t.
    input  wire [2:0]  t_kind,
    input  wire        t_part_kernel,
    input  wire [2:0]  t_bytes,
    input  wire [6:0]  t_blk_w,
    input  wire [5:0]  t_blk_h,
    input  wire [7:0]  t_blk_d,
    input  wire [16:0] t_ofm_w, t_ofm_h, t_ofm_d,
    input  wire [18:0] t_ifm_w, t_ifm_h,
    input  wire [2:0]  t_stride_x, t_stride_y,
    input  wire [1:0]  t_dil_x, t_dil_y,
    input  wire [6:0]  t_pad_left, t_pad_top,
    input  wire [1:0]  t_upscale,
    input  wire        t_flat, t_wide,
    input  wire [5:0]  t_ab_start,
    input  wire [14:0] t_ab_half, t_ib_half,
    input  wire        t_uses_lut, t_depth_many, t_keeps_boxes,
    // Counters, and lengths that follow from them after a start.
    input  wire [1:0]  bank,
    input  wire        on, over, first_job, last_job, inner_over,
    input  wire [15:0] oy, ox, oz, ky, kx,
    input  wire [7:0]  out_channels, in_channels,
    input  wire [3:0]  sh, sw,
    input  wire [5:0]  io, tap,
    input  wire [6:0]  ou,
    // Registers of the control; stall, and whether a stage or the write-back is at work.
    input  wire        stall, busy, run, ab, wb,
    input  wire [15:0] y0, x0,
    input  wire [9:0]  row, pix,
    input  wire [4:0]  uy,
    input  wire [5:0]  ux,
    input  wire [7:0]  step,
    // Pulses: start and end of the operation, a job starts, a token is issued, the
    // last one of a micro-block, a row of them, a weight block, a job, an output block.
    output wire        start, finish, begins, issue, last, end_row, next_block, job_done, block_done,
    // Next values of registers: at the start of a job, and at the issue of a token.
    output wire [15:0] y0_job, x0_job,
    output wire [9:0]  row_job, pix_job,
    output wire [4:0]  uy_next,
    output wire [5:0]  ux_next,
    output wire [7:0]  step_next, chan_next,
    output wire        wb_next,
    output wire [6:0]  flags_next,
    output wire [1:0]  pass,
    output wire [15:0] addr_next,
    output wire [HEIGHT*WIDTH-1:0]               in_block, counts,
    // Outputs of mac_array.
    output wire [7:0]  w_addr,
    output wire [40*HEIGHT*WIDTH-1:0]            fetch_addr,
    output wire [1:0]  set_ab_busy, clear_ib_full,
    output wire        toggle_ib_sel,
    output wire [1:0]  clear_wd_full,
    output wire        set_layout,
    output wire [5:0]  events
);

    // Start of a job (section 5.1).
    wire differs = lay_ab != t_ab_start || lay_lut != t_uses_lut;
    wire elem_done, no_job, box_wait, sums_wait;
    mac_start starter (
        .free(~stall & ~run), .on(on), .bank(bank), .first_job(first_job), .ab(ab),
        .op_valid(op_valid), .elem_read(elem_read), .differs(differs), .ao_bank(ao_bank),
        .ib_full(ib_full), .ib_sel(ib_sel), .ab_busy(ab_busy), .kind(t_kind),
        .start(start), .elem_done(elem_done), .begins(begins),
        .no_job(no_job), .box_wait(box_wait), .sums_wait(sums_wait)
    );
    assign set_layout  = start & differs;
    assign set_ab_busy = {ab, ~ab} & {2{begins & first_job}};

    wire        deep     = t_kind == 3'd0 || t_kind == 3'd4;
    wire [7:0]  channels = deep ? in_channels : out_channels;
    wire [5:0]  obh;
    wire [6:0]  obw;
    wire signed [19:0] from_y, from_x;
    mac_job job (
        .oy(oy & {16{~start}}), .ox(ox & {16{~start}}), .ky(ky & {16{~start}}), .kx(kx & {16{~start}}),
        .sh(sh), .sw(sw), .channels(channels), .bytes(t_bytes),
        .blk_w(t_blk_w), .blk_h(t_blk_h), .ofm_w(t_ofm_w), .ofm_h(t_ofm_h),
        .ifm_w(t_ifm_w), .ifm_h(t_ifm_h), .stride_x(t_stride_x), .stride_y(t_stride_y),
        .dil_x(t_dil_x), .dil_y(t_dil_y), .pad_left(t_pad_left), .pad_top(t_pad_top), .upscale(t_upscale),
        .obh(obh), .obw(obw), .from_y(from_y), .from_x(from_x),
        .y0(y0_job), .x0(x0_job), .row(row_job), .pix(pix_job)
    );

    // Issue of a token (section 5.2).
    wire weighted = t_kind == 3'd0 || t_kind == 3'd1;
    wire starved  = ~stall & run & weighted & ~wd_full[wb];
    assign issue  = ~stall & run & ~(weighted & ~wd_full[wb]);

    wire [7:0]  step_more;
    wire        pass_last;
    wire [8:0]  tap_y;
    wire [2:0]  tap_x;
    wire [12:0] offset;
    mac_token #(.DEPTH(DEPTH)) token (
        .step(step), .inner_io(io), .inner_ou(ou), .inner_tap(tap),
        .kind(t_kind), .part_kernel(t_part_kernel), .bytes(t_bytes),
        .sh(sh), .sw(sw), .channels(channels),
        .step_more(step_more), .last(last), .pass(pass), .pass_last(pass_last),
        .tap_y(tap_y), .tap_x(tap_x), .offset(offset), .chan(chan_next), .w_addr(w_addr)
    );

    // Place of the sums, modulo 2^16.
    wire [10:0] pitch;
    mac_pitch pitch_of (.blk_d(t_blk_d), .wide(t_wide), .pitch(pitch));
    wire [11:0] place     = {7'd0, uy} * {5'd0, t_blk_w} + {6'd0, ux};
    wire [9:0]  ou_bytes  = {1'b0, ou, 2'd0} + (t_wide ? {3'd0, ou} : 10'd0);
    assign addr_next = {t_ab_start, 10'd0} + (ab ? {1'b0, t_ab_half} : 16'd0)
                     + {4'd0, place} * {5'd0, pitch} + {6'd0, ou_bytes};

    // Pixels (section 5.3).
    wire [15:0] base = 16'd2048 + (ib_sel ? {1'b0, t_ib_half} : 16'd0) + {3'd0, offset};
    mac_pixels #(.HEIGHT(HEIGHT), .WIDTH(WIDTH)) pixels (
        .from_y(from_y), .from_x(from_x), .tap_y(tap_y), .tap_x(tap_x), .uy(uy), .ux(ux),
        .sh(sh), .obh(obh), .obw(obw), .stride_x(t_stride_x), .stride_y(t_stride_y),
        .dil_x(t_dil_x), .dil_y(t_dil_y), .ifm_w(t_ifm_w), .ifm_h(t_ifm_h),
        .upscale(t_upscale), .flat(t_flat), .base(base), .y0(y0), .x0(x0), .row(row), .pix(pix),
        .in_block(in_block), .counts(counts), .address(fetch_addr)
    );

    // After the last token of a micro-block (section 5.4).
    localparam [5:0] UBW = WIDTH[5:0];
    localparam [4:0] UBH = HEIGHT[4:0];
    wire [5:0] u         = ux + (t_flat ? 6'd4 : UBW);
    wire [4:0] v         = uy + (t_flat ? 5'd1 : UBH);
    wire more_u          = u != 6'd0 && {1'b0, u} < obw;
    wire more_v          = v != 5'd0 && {1'b0, v} < obh;
    assign end_row       = issue & last & ~more_u;
    assign next_block    = end_row & ~more_v;
    assign job_done      = next_block & inner_over;
    assign block_done    = job_done & last_job;
    wire [17:0] oz_next  = {2'd0, oz} + {10'd0, t_blk_d};
    wire needed          = t_keeps_boxes && oz_next < {1'b0, t_ofm_d};
    assign clear_wd_full = {wb, ~wb} & {2{next_block & weighted}};
    assign clear_ib_full = {ib_sel, ~ib_sel} & {2{job_done & ~needed}};
    assign toggle_ib_sel = job_done & (~needed | t_depth_many);
    assign finish        = elem_done | (job_done & over);

    assign ux_next   = more_u ? u : 6'd0;
    assign uy_next   = more_v ? v : 5'd0;
    assign step_next = last ? 8'd0 : step_more;
    assign wb_next   = wb ^ (next_block & weighted);

    // Flags of the token (section 5.2), bit 0 first.
    assign flags_next = {block_done, ab, pass == 2'd0, pass_last,
                         first_job && tap == 6'd0 && io == 6'd0, last, step == 8'd0};

    // Events (section 6).
    assign events[0] = issue;
    assign events[1] = no_job & ~busy;
    assign events[2] = box_wait;
    assign events[3] = stall | sums_wait;
    assign events[4] = starved;
    assign events[5] = begins | (no_job & busy);

endmodule
