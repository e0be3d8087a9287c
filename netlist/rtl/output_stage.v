// output_stage: turns finished sums, or the operands of elementwise operations, into output values in the output buffers.
// Pages: docs/blocks/output-stage.md and docs/blocks/output-stage-lanes.md (and docs/blocks/traversal.md for trav).
//
// All registers stand here and in the counter. The modules between are combinational: ao_length, ao_position, ao_address, ao_missing, ao_extend (read);
// ao_passes, ao_divisor and an ao_lane for every lane (stages 1 to 4); ao_unpack (scale records).
module output_stage #(
    parameter LANES = 1   // 1, 2, 4, 8
) (
    input  wire        clk,
    input  wire        rst,
    input  wire [3:0]  op_valid,
    input  wire [1:0]  ib_full,
    input  wire        ib_sel,
    input  wire [1:0]  ab_full, ob_busy,
    input  wire        scl_ready,
    input  wire [63:0] scl_data,
    // settings of bank_t
    input  wire [2:0]  t_kind,
    input  wire [5:0]  t_mode,
    input  wire        t_uses_scales, t_mean, t_binary, t_use_scalar, t_swap, t_bcast_h, t_bcast_w, t_bcast_c,
    input  wire [1:0]  t_add_mode,
    input  wire [16:0] t_scalar,
    input  wire [2:0]  t_ifm_bytes,
    input  wire        t_ifm_signed, t_ifm2_signed,
    input  wire [16:0] t_ifm_zero, t_ifm2_zero,
    input  wire [31:0] t_opa_scale,
    input  wire [5:0]  t_opa_shift,
    input  wire [15:0] t_opb_scale,
    input  wire [31:0] t_ofm_scale,
    input  wire [5:0]  t_ofm_shift,
    input  wire [1:0]  t_round,
    input  wire [2:0]  t_ofm_bytes,
    input  wire        t_ofm_signed,
    input  wire [16:0] t_ofm_zero,
    input  wire [4:0]  t_act,
    input  wire [2:0]  t_clip,
    input  wire [16:0] t_act_min, t_act_max,
    input  wire [6:0]  t_blk_w,
    input  wire [5:0]  t_blk_h,
    input  wire [7:0]  t_blk_d,
    input  wire [16:0] t_ofm_w, t_ofm_h, t_ofm_d,
    input  wire [18:0] t_ifm_w, t_ifm_h,
    input  wire [16:0] t_kernel_w, t_kernel_h,
    input  wire [2:0]  t_stride_x, t_stride_y,
    input  wire [1:0]  t_dil_x, t_dil_y,
    input  wire [6:0]  t_pad_left, t_pad_top,
    input  wire        t_wide,
    input  wire [5:0]  t_ab_start,
    input  wire [14:0] t_ab_half, t_ib_half,
    input  wire [5:0]  t_ib2_start,
    input  wire [14:0] t_ib2_half,
    // settings of bank_r
    input  wire        r_uses_scales,
    input  wire [31:0] r_passes,
    input  wire [16:0] r_beats,
    input  wire [7:0]  r_blk_d,
    input  wire [16:0] r_ofm_d,
    // data
    input  wire [40*LANES-1:0] rd1_data,
    input  wire [32*LANES-1:0] rd2_data, lut_data,

    output wire [1:0]  bank_t, bank_r,
    output wire        rd1_en, rd2_en,
    output wire [20:0] rd1_addr, rd2_addr,
    output wire [2:0]  rd1_pitch, rd2_pitch, rd1_bytes,
    output wire [3:0]  rd_lanes,
    output wire        lut_en,
    output wire [3:0]  lut_lanes,
    output wire [11*LANES-1:0] lut_addr,
    output wire        wr_en,
    output wire [3:0]  wr_lanes,
    output wire [2:0]  wr_bytes,
    output wire [10:0] wr_addr,
    output wire [32*LANES-1:0] wr_data,
    output wire [1:0]  set_ob_busy, set_ob_full, set_ob_slots,
    output wire [6:0]  ob_slots,
    output wire [1:0]  clear_ib_full,
    output wire        toggle_ib_sel,
    output wire [1:0]  clear_ab,
    output wire [3:0]  set_elem_read,
    output wire        scl_take,
    output wire [4:0]  events
);
    localparam [3:0] MOST = LANES[3:0];

    // ---- registers ----
    reg        ab, ob, tail;
    reg [6:0]  slot;
    reg [3:0]  b, c, pass;
    reg [4:0]  y;
    reg [5:0]  x;
    reg [39:0] bias [0:15];
    reg [31:0] scale [0:15];
    reg [5:0]  shift [0:15];
    reg        ready [0:15], valid [0:4];
    reg [3:0]  n [0:4];
    reg [10:0] addr [0:4];
    reg [2:0]  flags [0:4];
    reg [3:0]  tc;
    reg [15:0] ty, tx;
    reg [39:0] in [0:LANES-1];
    reg [31:0] in2 [0:LANES-1];
    reg [63:0] opd [0:LANES-1];
    reg [63:0] val [0:LANES-1];
    reg [31:0] lscale [0:LANES-1];
    reg [5:0]  lshift [0:LANES-1];
    reg [63:0] prodlo [0:LANES-1];
    reg [15:0] prodhi [0:LANES-1];
    reg [5:0]  pshift [0:LANES-1];
    reg [31:0] res [0:LANES-1], out [0:LANES-1];
    reg [1:0]  rec_bank;
    reg        rec_on, rec_drain;
    reg [31:0] rec_left;
    reg [6:0]  rec_c;
    reg [15:0] rec_oz;
    reg [16:0] rec_beats;
    reg [4:0]  rec_n;
    reg [63:0] rec_buf [0:1];

    // ---- settings ----
    wire element    = t_kind == 3'd5;
    wire two_reads  = t_binary & ~t_use_scalar;
    wire four_bytes = t_ifm_bytes[2], two_bytes = t_ifm_bytes[1];
    wire is_mul     = element & (t_mode == 6'd0);
    wire lut        = t_act[4:3] == 2'b10;
    wire [1:0] unused_dil = {t_dil_y[0], t_dil_x[0]};

    // ---- the clock in short, section 3 ----
    wire        on, last, readable;
    wire        here   = op_valid[bank_t];
    wire        start  = ~on & here;
    wire        busy   = on | here;                    // not idle
    wire        pass0  = ~|pass;
    wire        empty  = ~(valid[0] | valid[1] | valid[2] | valid[3] | valid[4]);
    wire        active = busy & ~(pass0 & empty & ~readable);
    wire        moves  = busy & pass0 & valid[2];
    wire        valid3 = valid[3] | moves;
    wire [3:0]  n3     = moves ? n[2] : n[3];
    wire [10:0] addr3  = moves ? addr[2] : addr[3];
    wire [2:0]  flags3 = moves ? flags[2] : flags[3];
    wire        step   = busy & last;
    wire        take   = step & ~tail & readable;      // a token is read

    ao_length length (
        .pass(pass), .valid0(valid[0]), .valid1(valid[1]), .valid3(valid3), .valid4(valid[4]), .n0(n[0]), .n3(n3), .n4(n[4]),
        .kind(t_kind), .mode(t_mode), .four_bytes(four_bytes), .two_reads(two_reads), .ofm_bytes(t_ofm_bytes), .wide(t_wide), .lut(lut),
        .last(last)
    );

    // ---- counter ----
    wire        done, over, finish;
    wire [7:0]  block_rows, block_columns, depth;
    wire [15:0] at_oy, at_ox, at_oz;
    block_counter trav (
        .clk(clk), .rst(rst), .start(start), .next(take & done), .finish(finish),
        .blk_w(t_blk_w), .blk_h(t_blk_h), .blk_d(t_blk_d), .ofm_w(t_ofm_w), .ofm_h(t_ofm_h), .ofm_d(t_ofm_d),
        .bank(bank_t), .on(on), .over(over), .rows(block_rows), .columns(block_columns), .channels(depth),
        .oy(at_oy), .ox(at_ox), .oz(at_oz)
    );
    wire [15:0] oy = on ? at_oy : 16'd0;               // off, it matters in a start only
    wire [15:0] ox = on ? at_ox : 16'd0;
    wire [3:0]  oz = on ? at_oz[3:0] : 4'd0;
    wire [5:0]  rows    = block_rows[5:0];             // at most 32 and 64
    wire [6:0]  columns = block_columns[6:0];
    wire [14:0] unused_block = {block_rows[7:6], block_columns[7], at_oz[15:4]};
    assign finish = step & tail & ~(valid[0] | valid[1] | (valid[2] & ~moves) | valid3);

    // ---- read, section 7 ----
    wire       lastpixel, closes;
    wire [7:0] channel;
    wire [6:0] slot_next;
    wire [3:0] b_next, c_next;
    wire [4:0] y_next;
    wire [5:0] x_next;
    ao_position #(.LANES(LANES)) position (
        .oz(oz), .depth(depth), .rows(rows), .columns(columns), .slot(slot), .b(b), .y(y), .x(x), .c(c),
        .one_byte(t_ofm_bytes[0]), .two_bytes(t_ofm_bytes[1]),
        .lanes(rd_lanes), .channel(channel), .lastpixel(lastpixel), .closes(closes), .slots(ob_slots), .done(done),
        .slot_next(slot_next), .b_next(b_next), .y_next(y_next), .x_next(x_next), .c_next(c_next)
    );
    ao_address address (
        .element(element), .wide(t_wide), .ab(ab), .ib_sel(ib_sel), .ab_start(t_ab_start), .ib2_start(t_ib2_start),
        .ab_half(t_ab_half), .ib_half(t_ib_half), .ib2_half(t_ib2_half), .blk_w(t_blk_w), .blk_d(t_blk_d), .ifm_bytes(t_ifm_bytes),
        .bcast_h(t_bcast_h), .bcast_w(t_bcast_w), .bcast_c(t_bcast_c), .oy(oy), .ox(ox), .depth(depth), .rows(rows), .columns(columns),
        .ifm_h(t_ifm_h), .ifm_w(t_ifm_w), .y(y), .x(x), .channel(channel),
        .rd1_addr(rd1_addr), .rd2_addr(rd2_addr), .rd1_pitch(rd1_pitch), .rd2_pitch(rd2_pitch), .rd1_bytes(rd1_bytes)
    );
    assign rd1_en = take;
    assign rd2_en = take & element & two_reads;

    // lanes in use: of the token that is read, and of those of the stages
    wire [LANES-1:0] use_t, use0, use1, use2, use3;
    wire [15:0]      ready_q;
    genvar i, k;
    generate
        for (i = 0; i < LANES; i = i + 1) begin : lanes_in_use
            assign use_t[i] = rd_lanes > i;
            assign use0[i]  = n[0] > i;
            assign use1[i]  = n[1] > i;
            assign use2[i]  = n[2] > i;
            assign use3[i]  = n3 > i;
        end
        for (k = 0; k < 16; k = k + 1) begin : ready_vector
            assign ready_q[k] = ready[k];
        end
    endgenerate

    wire        first_of_buffer = ~|{c, slot};
    wire [15:0] ready6;                                // after the bias stage
    wire        no_data, no_buffer, no_record;
    ao_missing #(.LANES(LANES)) missing (
        .ready(ready_q), .free(step & valid[0] & t_uses_scales & flags[0][0]), .lanes_free(use0), .first_free(tc),
        .uses_scales(t_uses_scales), .lanes_read(use_t), .first_read(channel[3:0]),
        .has_data(element ? ib_full[ib_sel] : ab_full[ab]), .has_buffer(~(first_of_buffer & ob_busy[ob])),
        .ready_next(ready6), .no_data(no_data), .no_buffer(no_buffer), .no_record(no_record)
    );
    assign readable = tail | ~(no_data | no_buffer | no_record);
    wire wanting    = step & ~tail;                    // a clock that waits is a last one, too
    assign events   = {wanting & no_record, wanting & no_data & element, wanting & no_data & ~element, wanting & no_buffer, active};

    // ---- signals to the buffers ----
    wire [1:0] of_ob = {ob, ~ob};
    assign set_ob_busy   = of_ob & {2{take & first_of_buffer}};
    assign set_ob_slots  = of_ob & {2{take & closes}};
    assign clear_ib_full = {ib_sel, ~ib_sel} & {2{take & done & element}};
    assign toggle_ib_sel = take & done & element;
    assign clear_ab      = {ab, ~ab} & {2{take & done & ~element}};
    assign set_elem_read = {3'd0, take & done & over & element} << bank_t;
    assign lut_en        = step & valid3 & lut;
    assign lut_lanes     = n3 < MOST ? n3 : MOST;
    assign wr_en         = step & valid[4];
    assign wr_lanes      = n[4] < MOST ? n[4] : MOST;
    assign wr_bytes      = t_ofm_bytes;
    assign wr_addr       = addr[4];
    assign set_ob_full   = {flags[4][2], ~flags[4][2]} & {2{wr_en & flags[4][1]}};
    wire   unused_flag   = flags[4][0];

    // ---- registers of control ----
    wire [10:0] at_lane = {slot, 4'd0} + {7'd0, c};    // of the output buffer, in elements
    wire [10:0] at_byte = at_lane * {8'd0, t_ofm_bytes} + {ob, 10'd0};
    always @(posedge clk)
        if (rst) begin
            {ab, ob, tail} <= 3'd0;
            slot           <= 7'd0;
            {b, y, x, c}   <= 19'd0;
            pass           <= 4'd0;
            {tc, ty, tx}   <= 36'd0;
        end else begin
            if (busy) pass <= last ? 4'd0 : pass + 4'd1;
            tail <= (tail | (take & done & over)) & ~finish;
            if (take) begin
                ab   <= ab ^ (done & ~element);
                ob   <= ob ^ closes;
                slot <= slot_next;
                b    <= b_next;
                y    <= y_next;
                x    <= x_next;
                c    <= c_next;
                tc   <= channel[3:0];
                ty   <= oy + {11'd0, y};
                tx   <= ox + {10'd0, x};
            end
        end

    wire [4:0] moved   = {step & valid3, moves, step & valid[1], step & valid[0], take};   // a token moves into the stage
    wire [4:0] valid_d = {step ? valid3 : valid[4],
                          busy ? valid3 & ~last : valid[3],
                          (valid[2] & ~moves) | (step & valid[1]),
                          step ? valid[0] : valid[1],
                          step ? take : valid[0]};
    wire [53:0] token_3 = {n[2], addr[2], flags[2], n[1], addr[1], flags[1], n[0], addr[0], flags[0]};
    wire [89:0] token_d = {n3, addr3, flags3, token_3, {rd_lanes, at_byte, ob, closes, lastpixel}};
    generate
        for (k = 0; k < 5; k = k + 1) begin : token_register
            always @(posedge clk)
                if (rst) begin
                    valid[k] <= 1'b0;
                    {n[k], addr[k], flags[k]} <= 18'd0;
                end else begin
                    valid[k] <= valid_d[k];
                    if (moved[k]) {n[k], addr[k], flags[k]} <= token_d[18*k +: 18];
                end
        end
    endgenerate

    // ---- record unpacker, section 9 ----
    wire         leave, on_d, drain_d, write_bytes, load;
    wire [31:0]  left_d;
    wire [15:0]  oz_d;
    wire [6:0]   c_d;
    wire [16:0]  beats_d;
    wire [4:0]   rec_n_d;
    wire [127:0] bytes_d;
    wire [127:0] bytes = {rec_buf[1], rec_buf[0]};
    assign bank_r = rec_bank;
    ao_unpack unpack (
        .valid(op_valid[bank_r]), .uses_scales(r_uses_scales), .passes(r_passes), .all_beats(r_beats), .blk_d(r_blk_d), .ofm_d(r_ofm_d),
        .scl_ready(scl_ready), .scl_data(scl_data), .ready(ready6),
        .on(rec_on), .drain(rec_drain), .left(rec_left), .oz(rec_oz), .c(rec_c), .beats(rec_beats), .n(rec_n), .bytes(bytes),
        .leave(leave), .on_next(on_d), .drain_next(drain_d), .left_next(left_d), .oz_next(oz_d), .c_next(c_d), .beats_next(beats_d),
        .n_next(rec_n_d), .bytes_next(bytes_d), .write_bytes(write_bytes), .load(load), .take(scl_take)
    );
    always @(posedge clk)
        if (rst) begin
            rec_bank                     <= 2'd0;
            {rec_on, rec_drain}          <= 2'd0;
            {rec_left, rec_oz, rec_c}    <= 55'd0;
            {rec_beats, rec_n}           <= 22'd0;
        end else begin
            rec_bank  <= rec_bank + {1'b0, leave};
            rec_on    <= on_d;
            rec_drain <= drain_d;
            rec_left  <= left_d;
            rec_oz    <= oz_d;
            rec_c     <= c_d;
            rec_beats <= beats_d;
            rec_n     <= rec_n_d;
        end
    always @(posedge clk)
        if (write_bytes) {rec_buf[1], rec_buf[0]} <= bytes_d;
    generate
        for (k = 0; k < 16; k = k + 1) begin : record_register
            wire here_k = load & (rec_c[3:0] == k);
            always @(posedge clk)
                if (here_k) {shift[k], scale[k], bias[k]} <= bytes[77:0];
            always @(posedge clk)
                if (rst) ready[k] <= 1'b0;
                else     ready[k] <= ready6[k] | here_k;
        end
    endgenerate

    // ---- lanes, sections 4 to 6 ----
    wire [14:0] job;
    wire [4:0]  head;
    wire [5:0]  combine_places;
    wire        write_opd, write_product0, write_product1, write_val;
    ao_passes passes (
        .moves(moves), .active(active), .pass(pass), .valid0(valid[0]), .valid1(valid[1]), .kind(t_kind), .mode(t_mode), .add_mode(t_add_mode),
        .two_bytes(two_bytes), .four_bytes(four_bytes), .opa_shift(t_opa_shift), .job(job), .head(head), .combine_places(combine_places),
        .write_opd(write_opd), .write_product0(write_product0), .write_product1(write_product1), .write_val(write_val)
    );
    wire [31:0] mean_scale;
    wire [5:0]  mean_shift;
    ao_divisor divisor (
        .ty(ty), .tx(tx), .stride_y(t_stride_y), .stride_x(t_stride_x), .pad_top(t_pad_top), .pad_left(t_pad_left),
        .two_y(t_dil_y[1]), .two_x(t_dil_x[1]), .kernel_h(t_kernel_h), .kernel_w(t_kernel_w), .ifm_h(t_ifm_h), .ifm_w(t_ifm_w),
        .scale(mean_scale), .shift(mean_shift)
    );
    wire to_bias = step & valid[0], to_product = step & valid[1], to_out = step & valid3, by_maximum = t_kind == 3'd2;
    generate
        for (i = 0; i < LANES; i = i + 1) begin : lane
            // stage 0
            wire [39:0] d1 = rd1_data[40*i +: 40];
            wire [39:0] first_d, second_d;
            ao_extend extend1 (.data(d1[31:0]), .two_bytes(two_bytes), .four_bytes(four_bytes), .with_sign(t_ifm_signed), .wide(first_d));
            ao_extend extend2 (
                .data(rd2_data[32*i +: 32]), .two_bytes(two_bytes), .four_bytes(four_bytes), .with_sign(t_ifm2_signed), .wide(second_d)
            );
            wire [39:0] in_d  = element ? first_d : {t_wide ? d1[39:32] : {8{d1[31]}}, d1[31:0]};
            wire [31:0] in2_d = t_use_scalar ? {{15{t_scalar[16]}}, t_scalar} : second_d[31:0];
            wire [7:0]  unused_second = second_d[39:32];

            // stages 1 to 4
            wire [3:0]  record = tc + i;
            wire [63:0] opd_d, pass_val, bias_val;
            wire [79:0] pass_product;
            wire [31:0] bias_scale, res_d, out_d;
            wire [5:0]  bias_shift;
            ao_lane unit (
                .first(in[i]), .second(in2[i]), .opd(opd[i]), .val(val[i]), .lscale(lscale[i]), .product({prodhi[i], prodlo[i]}),
                .pshift(pshift[i]), .res(res[i]), .job(job), .head(head), .combine_places(combine_places),
                .record_bias(bias[record]), .record_scale(scale[record]), .record_shift(shift[record]),
                .mean_scale(mean_scale), .mean_shift(mean_shift), .kind(t_kind), .mode(t_mode), .uses_scales(t_uses_scales), .mean(t_mean),
                .is_binary(t_binary), .swap(t_swap), .ifm2_signed(t_ifm2_signed), .ofm_signed(t_ofm_signed), .add_mode(t_add_mode),
                .two_bytes(two_bytes), .ifm_zero(t_ifm_zero), .ifm2_zero(t_ifm2_zero), .opa_scale(t_opa_scale), .opb_scale(t_opb_scale),
                .ofm_scale(t_ofm_scale), .ofm_shift(t_ofm_shift), .round(t_round), .ofm_bytes(t_ofm_bytes), .ofm_zero(t_ofm_zero),
                .act(t_act), .clip_to(t_clip), .act_min(t_act_min), .act_max(t_act_max), .lut_data(lut_data[32*i +: 32]),
                .opd_next(opd_d), .pass_val(pass_val), .pass_product(pass_product), .bias_val(bias_val), .bias_scale(bias_scale),
                .bias_shift(bias_shift), .res_next(res_d), .out_next(out_d), .lut_addr(lut_addr[11*i +: 11])
            );
            assign wr_data[32*i +: 32] = out[i];

            wire [79:0] product_d = to_product & by_maximum ? {{16{val[i][63]}}, val[i]} : pass_product;
            always @(posedge clk) begin
                if (take & use_t[i])                            in[i]  <= in_d;
                if (take & use_t[i] & element & t_binary)       in2[i] <= in2_d;
                if (use0[i] & (write_opd | (to_bias & is_mul))) opd[i] <= opd_d;
                if (use0[i] & to_bias)                          val[i] <= bias_val;
                else if (use1[i] & write_val)                   val[i] <= pass_val;
                if (use0[i] & to_bias)                          {lshift[i], lscale[i]} <= {bias_shift, bias_scale};
                if ((use0[i] & write_product0) | (use1[i] & (write_product1 | (to_product & by_maximum))))
                    {prodhi[i], prodlo[i]} <= product_d;
                if (use1[i] & to_product)                       pshift[i] <= lshift[i];
                if (use2[i] & moves)                            res[i] <= res_d;
                if (use3[i] & to_out)                           out[i] <= out_d;
            end
        end
    endgenerate
endmodule
