// The MAC array: job control, a pipeline of five stages (fetch, operand,
// product, sum, accumulator) and the write-back of sums. All registers of the block stand
// here, but for the counters trav and inner; the modules mac_… are combinational.
// Described in docs/blocks/mac-array.md; section numbers below are those of that page.
//
// HEIGHT x WIDTH pixels and DEPTH channels of a micro-block:
// u55-32 1, 1, 4; u55-64 1, 1, 8; u55-128 1, 2, 8; u55-256 2, 2, 8.
module mac_array #(
    parameter HEIGHT = 2,
    parameter WIDTH  = 2,
    parameter DEPTH  = 8
) (
    input  wire        clk,
    input  wire        rst,
    // State of other blocks.
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
    input  wire [16:0] t_ifm_d,
    input  wire [7:0]  t_ifm_blk_d,
    input  wire [16:0] t_kernel_w, t_kernel_h,
    input  wire [3:0]  t_sub_w, t_sub_h,
    input  wire [2:0]  t_taps, t_stride_x, t_stride_y,
    input  wire [1:0]  t_dil_x, t_dil_y,
    input  wire [6:0]  t_pad_left, t_pad_top,
    input  wire [1:0]  t_upscale,
    input  wire        t_flat, t_wide,
    input  wire [5:0]  t_ab_start,
    input  wire [14:0] t_ab_half, t_ib_half,
    input  wire        t_uses_lut, t_depth_many, t_keeps_boxes,
    // Settings of the operations of bank_f, bank_s, bank_rd and bank_wr.
    input  wire        f_signed,
    input  wire [2:0]  f_bytes,
    input  wire [15:0] f_zero,
    input  wire        s_max,
    input  wire [6:0]  rd_blk_w,
    input  wire [7:0]  rd_blk_d,
    input  wire        rd_wide, rd_flat,
    input  wire [6:0]  wr_blk_w,
    input  wire [7:0]  wr_blk_d,
    input  wire        wr_wide, wr_flat,
    // Data of the weight block and of the shared buffer.
    input  wire [72*DEPTH-1:0]                   w_data,
    input  wire [256*HEIGHT*WIDTH-1:0]           fetch_data,
    input  wire [40*DEPTH*HEIGHT*WIDTH-1:0]      sum_data,
    // Banks.
    output wire [1:0]  bank_t, bank_f, bank_s, bank_rd, bank_wr,
    // Weights.
    output wire        w_block,
    output wire [7:0]  w_addr,
    // Shared buffer.
    output wire [HEIGHT*WIDTH-1:0]               fetch_en,
    output wire [40*HEIGHT*WIDTH-1:0]            fetch_addr,
    output wire [2:0]  fetch_words,
    output wire [HEIGHT*WIDTH-1:0]               sum_rd_en,
    output wire [17*HEIGHT*WIDTH-1:0]            sum_rd_addr,
    output wire        sum_rd_wide,
    output wire [HEIGHT*WIDTH-1:0]               sum_wr_en,
    output wire [17*HEIGHT*WIDTH-1:0]            sum_wr_addr,
    output wire        sum_wr_wide,
    output wire [40*DEPTH*HEIGHT*WIDTH-1:0]      sum_wr_data,
    // Flags of other blocks that change.
    output wire [1:0]  set_ab_full, set_ab_busy, clear_ib_full,
    output wire        toggle_ib_sel,
    output wire [1:0]  clear_wd_full,
    output wire        set_layout,
    output wire [5:0]  layout_ab,
    output wire        layout_lut,
    output wire [5:0]  events
);

    localparam PIXELS = HEIGHT * WIDTH;
    localparam DOTS   = PIXELS * DEPTH;

    // Bits of a token's flags (section 2).
    localparam FIRST = 0, LAST = 1, FRESH = 2, COMMIT = 3, NEWSUM = 4, AB = 5, DONE = 6;

    // Registers (section 2). Masks have four bits in every configuration.
    (* keep *) reg  [15:0] y0, x0;
    (* keep *) reg  [9:0]  row, pix;
    (* keep *) reg         ab, wb, run;
    (* keep *) reg  [4:0]  uy;
    (* keep *) reg  [5:0]  ux;
    (* keep *) reg  [7:0]  step;
    (* mem2reg, keep *) reg        valid [0:4];
    (* mem2reg, keep *) reg [6:0]  flags [0:4];
    (* mem2reg, keep *) reg [3:0]  mask  [0:3];
    (* mem2reg, keep *) reg [3:0]  out   [0:4];
    (* mem2reg, keep *) reg [1:0]  shift [0:2];
    (* mem2reg, keep *) reg [15:0] addr  [0:4];
    (* mem2reg, keep *) reg [1:0]  bank  [0:4];
    (* mem2reg, keep *) reg [63:0] raw    [0:PIXELS-1];
    (* keep *) reg  [7:0]  chan;
    (* mem2reg, keep *) reg [8:0]  wraw   [0:8*DEPTH-1];
    (* mem2reg, keep *) reg [8:0]  ifm    [0:8*PIXELS-1];
    (* mem2reg, keep *) reg [8:0]  weight [0:8*DEPTH-1];
    (* mem2reg, keep *) reg [17:0] prod   [0:8*DOTS-1];
    (* mem2reg, keep *) reg [35:0] sum    [0:DOTS-1];
    (* mem2reg, keep *) reg [39:0] accin  [0:DOTS-1];
    (* mem2reg, keep *) reg [39:0] acc    [0:DOTS-1];
    (* mem2reg, keep *) reg [39:0] accout [0:DOTS-1];
    (* keep *) reg         wron;
    (* keep *) reg  [3:0]  wrmask;
    (* keep *) reg  [15:0] wraddr;
    (* keep *) reg  [1:0]  wrbank, wrdone;

    // Enables of the stages (section 3). Sums of this place that are still on
    // their way hold up the token that would read them.
    wire retiring = valid[4] & flags[4][LAST];
    wire loading  = valid[2] & flags[2][FIRST] & ~flags[2][FRESH];
    wire stall    = loading & ((retiring & addr[4] == addr[2])
                             | (valid[3] & flags[3][LAST] & addr[3] == addr[2]));
    wire multiply = valid[1] & ~stall;
    wire add      = valid[2] & ~stall;
    wire operand  = valid[0] & ~stall;

    // Counters of the job, and lengths that follow from them after a start.
    wire        on, over, first_job, last_job, start, issue;
    wire [15:0] oy, ox, oz, iz, ky, kx;
    wire [7:0]  out_channels, in_channels;
    wire [3:0]  sh, sw;
    wire        inner_over;
    wire [5:0]  io, tap;
    wire [6:0]  ou;
    wire        begins, next_block, finish;
    wire        unused_moves;

    job_counter trav (
        .clk(clk), .rst(rst), .start(start), .next(job_done), .finish(finish),
        .blk_w(t_blk_w), .blk_h(t_blk_h), .blk_d(t_blk_d),
        .ofm_w(t_ofm_w), .ofm_h(t_ofm_h), .ofm_d(t_ofm_d),
        .ifm_d(t_ifm_d), .ifm_blk_d(t_ifm_blk_d), .depth_many(t_depth_many),
        .kernel_w(t_kernel_w), .kernel_h(t_kernel_h), .sub_w(t_sub_w), .sub_h(t_sub_h),
        .bank(bank_t), .on(on), .over(over), .first_of_block(first_job),
        .last_of_block(last_job), .moves_plane(unused_moves),
        .out_channels(out_channels), .in_channels(in_channels), .taps_w(sw), .taps_h(sh),
        .oy(oy), .ox(ox), .oz(oz), .iz(iz), .ky(ky), .kx(kx)
    );
    wire unused_iz = &{1'b0, iz};

    inner_counter #(.DEPTH(DEPTH)) inner (
        .clk(clk), .rst(rst), .clear(begins), .next_block(next_block),
        .kind(t_kind), .part_kernel(t_part_kernel), .taps(t_taps),
        .out_channels(out_channels), .in_channels(in_channels), .taps_w(sw), .taps_h(sh),
        .over(inner_over), .io(io), .ou(ou), .tap(tap)
    );

    wire        busy, last, end_row, job_done, block_done, wb_next;
    wire [15:0] y0_job, x0_job, addr_next;
    wire [9:0]  row_job, pix_job;
    wire [4:0]  uy_next;
    wire [5:0]  ux_next;
    wire [7:0]  step_next, chan_next;
    wire [6:0]  flags_next;
    wire [1:0]  pass;
    wire [PIXELS-1:0] in_block, counts;
    // Job control (sections 5 and 6).
    mac_control #(.HEIGHT(HEIGHT), .WIDTH(WIDTH), .DEPTH(DEPTH)) control (
        .op_valid(op_valid), .elem_read(elem_read), .lay_ab(lay_ab), .lay_lut(lay_lut), .ao_bank(ao_bank),
        .ib_full(ib_full), .ib_sel(ib_sel), .ab_busy(ab_busy), .wd_full(wd_full), .t_kind(t_kind),
        .t_part_kernel(t_part_kernel), .t_bytes(t_bytes), .t_blk_w(t_blk_w), .t_blk_h(t_blk_h), .t_blk_d(t_blk_d),
        .t_ofm_w(t_ofm_w), .t_ofm_h(t_ofm_h), .t_ofm_d(t_ofm_d), .t_ifm_w(t_ifm_w), .t_ifm_h(t_ifm_h),
        .t_stride_x(t_stride_x), .t_stride_y(t_stride_y), .t_dil_x(t_dil_x), .t_dil_y(t_dil_y),
        .t_pad_left(t_pad_left), .t_pad_top(t_pad_top), .t_upscale(t_upscale), .t_flat(t_flat), .t_wide(t_wide),
        .t_ab_start(t_ab_start), .t_ab_half(t_ab_half), .t_ib_half(t_ib_half), .t_uses_lut(t_uses_lut),
        .t_depth_many(t_depth_many), .t_keeps_boxes(t_keeps_boxes), .bank(bank_t), .on(on), .over(over),
        .first_job(first_job), .last_job(last_job), .inner_over(inner_over), .oy(oy), .ox(ox), .oz(oz), .ky(ky),
        .kx(kx), .out_channels(out_channels), .in_channels(in_channels), .sh(sh), .sw(sw), .io(io), .tap(tap), .ou(ou),
        .stall(stall), .busy(busy), .run(run), .ab(ab), .wb(wb), .y0(y0), .x0(x0), .row(row), .pix(pix), .uy(uy),
        .ux(ux), .step(step), .start(start), .finish(finish), .begins(begins), .issue(issue), .last(last),
        .end_row(end_row), .next_block(next_block), .job_done(job_done), .block_done(block_done), .y0_job(y0_job),
        .x0_job(x0_job), .row_job(row_job), .pix_job(pix_job), .uy_next(uy_next), .ux_next(ux_next),
        .step_next(step_next), .chan_next(chan_next), .wb_next(wb_next), .flags_next(flags_next), .pass(pass),
        .addr_next(addr_next), .in_block(in_block), .counts(counts), .w_addr(w_addr), .fetch_addr(fetch_addr),
        .set_ab_busy(set_ab_busy), .clear_ib_full(clear_ib_full), .toggle_ib_sel(toggle_ib_sel),
        .clear_wd_full(clear_wd_full), .set_layout(set_layout), .events(events)
    );
    assign layout_ab   = t_ab_start;
    assign layout_lut  = t_uses_lut;
    assign w_block     = wb;
    assign fetch_en    = counts & {PIXELS{issue}};
    assign fetch_words = t_bytes;

    always @(posedge clk) begin
        if (rst) begin
            {y0, x0, row, pix}  <= 52'd0;
            {ab, wb, run}       <= 3'd0;
            {uy, ux, step}      <= 19'd0;
        end else begin
            if (begins) begin
                {y0, x0, row, pix} <= {y0_job, x0_job, row_job, pix_job};
                {uy, ux, step}     <= 19'd0;
                run                <= 1'b1;
            end
            if (issue) begin
                step <= step_next;
                if (last) ux <= ux_next;
                if (end_row) uy <= uy_next;
            end
            if (job_done) run <= 1'b0;
            wb <= wb_next;
            ab <= ab ^ block_done;
        end
    end

    // Tokens (sections 3 and 5.2). Stages 3 and 4 always move on, the others unless stalled.
    assign busy = valid[0] | valid[1] | valid[2] | valid[3] | valid[4] | wron;
    wire [3:0] block4, counts4;
    always @(posedge clk) begin
        if (issue) chan <= chan_next;
        if (rst) begin
            {valid[0], valid[1], valid[2], valid[3], valid[4]} <= 5'd0;
            flags[0] <= 7'd0;
            mask[0]  <= 4'd0;
            out[0]   <= 4'd0;
            shift[0] <= 2'd0;
            addr[0]  <= 16'd0;
            bank[0]  <= 2'd0;
        end else begin
            valid[4] <= valid[3];
            valid[3] <= add;
            if (~stall) {valid[2], valid[1], valid[0]} <= {valid[1], valid[0], issue};
            if (issue) begin
                flags[0] <= flags_next;
                mask[0]  <= counts4;
                out[0]   <= block4;
                shift[0] <= pass;
                addr[0]  <= addr_next;
                bank[0]  <= bank_t;
            end
        end
    end

    wire [3:0] moves = {valid[3], add, multiply, operand};
    genvar s;
    generate
        for (s = 0; s < 4; s = s + 1) begin : stage
            always @(posedge clk)
                if (rst) begin
                    flags[s+1] <= 7'd0;
                    out[s+1]   <= 4'd0;
                    addr[s+1]  <= 16'd0;
                    bank[s+1]  <= 2'd0;
                end else if (moves[s]) begin
                    flags[s+1] <= flags[s];
                    out[s+1]   <= out[s];
                    addr[s+1]  <= addr[s];
                    bank[s+1]  <= bank[s];
                end
            if (s < 3) begin : masked
                always @(posedge clk)
                    if (rst) mask[s+1] <= 4'd0;
                    else if (moves[s]) mask[s+1] <= mask[s];
            end
            if (s < 2) begin : shifted
                always @(posedge clk)
                    if (rst) shift[s+1] <= 2'd0;
                    else if (moves[s]) shift[s+1] <= shift[s];
            end
        end
    endgenerate
    assign bank_f  = bank[0];
    assign bank_rd = bank[2];
    assign bank_s  = bank[3];

    // Masks of the stages that use them. Bits of pixels that there are not only move.
    wire [3:0] mask_f = mask[0], mask_s = mask[3], out_rd = out[2];
    wire unused_pixels = &{1'b0, mask_f, mask_s, out_rd, wrmask};

    // Retire and write-back (sections 4.1 and 4.2).
    always @(posedge clk) begin
        if (rst) begin
            wron   <= 1'b0;
            wrmask <= 4'd0;
            wraddr <= 16'd0;
            wrbank <= 2'd0;
            wrdone <= 2'd0;
        end else begin
            wron <= retiring;
            if (retiring) begin
                wrmask <= out[4];
                wraddr <= addr[4];
                wrbank <= bank[4];
                wrdone <= {flags[4][AB], flags[4][DONE]};
            end
        end
    end
    assign bank_wr     = wrbank;
    assign sum_wr_en   = wrmask[PIXELS-1:0] & {PIXELS{wron}};
    assign sum_wr_wide = wr_wide;
    assign set_ab_full = {wrdone[1], ~wrdone[1]} & {2{wron & wrdone[0]}};
    mac_place #(.HEIGHT(HEIGHT), .WIDTH(WIDTH)) write_place (
        .addr(wraddr), .blk_w(wr_blk_w), .blk_d(wr_blk_d), .wide(wr_wide), .flat(wr_flat),
        .address(sum_wr_addr)
    );

    // Read of the sums so far (section 4.4).
    assign sum_rd_en   = out_rd[PIXELS-1:0] & {PIXELS{loading & ~stall}};
    assign sum_rd_wide = rd_wide;
    mac_place #(.HEIGHT(HEIGHT), .WIDTH(WIDTH)) read_place (
        .addr(addr[2]), .blk_w(rd_blk_w), .blk_d(rd_blk_d), .wide(rd_wide), .flat(rd_flat),
        .address(sum_rd_addr)
    );

    wire [72*DEPTH-1:0] weights;
    mac_weights #(.DEPTH(DEPTH)) diagonal (.kind(t_kind), .w_data(w_data), .weights(weights));

    genvar p, o, i;
    generate
        // Masks: no pixel above PIXELS - 1.
        for (p = 0; p < 4; p = p + 1) begin : bits
            if (p < PIXELS) begin : used
                assign block4[p]  = in_block[p];
                assign counts4[p] = counts[p];
            end else begin : none
                assign block4[p]  = 1'b0;
                assign counts4[p] = 1'b0;
            end
        end

        // Fetched bytes and operands.
        for (p = 0; p < PIXELS; p = p + 1) begin : pixel
            wire [63:0] raw_next;
            wire [71:0] ifm_next;
            mac_operand operands (
                .data(fetch_data[256*p +: 256]), .t_bytes(t_bytes), .pass(pass), .raw_next(raw_next),
                .raw(raw[p]), .counts(mask_f[p]), .chan(chan), .shift(shift[0]),
                .f_signed(f_signed), .f_bytes(f_bytes), .f_zero(f_zero), .ifm_next(ifm_next)
            );
            always @(posedge clk) if (fetch_en[p]) raw[p] <= raw_next;
            for (i = 0; i < 8; i = i + 1) begin : lane
                always @(posedge clk) if (operand) ifm[8*p+i] <= ifm_next[9*i +: 9];
            end
        end

        // Weights.
        for (o = 0; o < 8*DEPTH; o = o + 1) begin : lane
            always @(posedge clk) begin
                if (issue) wraw[o] <= weights[9*o +: 9];
                if (operand) weight[o] <= wraw[o];
            end
        end

        // Dot products.
        for (p = 0; p < PIXELS; p = p + 1) begin : row_of
            for (o = 0; o < DEPTH; o = o + 1) begin : dot
                localparam N = p*DEPTH + o;
                wire [71:0]  a, b;
                wire [143:0] products, products_next;
                wire [35:0]  sum_next;
                wire [39:0]  acc_next;
                wire [39:0]  so_far = rd_wide ? sum_data[40*N +: 40]
                                    : {{8{sum_data[40*DEPTH*p + 32*o + 31]}}, sum_data[40*DEPTH*p + 32*o +: 32]};
                for (i = 0; i < 8; i = i + 1) begin : lane
                    assign a[9*i +: 9] = ifm[8*p+i];
                    assign b[9*i +: 9] = weight[8*o+i];
                    assign products[18*i +: 18] = prod[8*N+i];
                    always @(posedge clk)
                        if (multiply) prod[8*N+i] <= products_next[18*i +: 18];
                end
                mac_slice slice (
                    .ifm(a), .weight(b), .prod_next(products_next),
                    .prod(products), .shift(shift[2]), .newsum(flags[2][NEWSUM]),
                    .sum(sum[N]), .sum_next(sum_next),
                    .first(flags[3][FIRST]), .fresh(flags[3][FRESH]), .commit(flags[3][COMMIT]),
                    .max(s_max), .counts(mask_s[p]), .accin(accin[N]), .acc(acc[N]), .acc_next(acc_next)
                );
                always @(posedge clk) begin
                    if (add) sum[N] <= sum_next;
                    if (sum_rd_en[p]) accin[N] <= so_far;
                    if (valid[3]) acc[N] <= acc_next;
                    if (retiring) accout[N] <= acc[N];
                end
                assign sum_wr_data[40*N +: 40] = accout[N];
            end
        end
    endgenerate

endmodule
