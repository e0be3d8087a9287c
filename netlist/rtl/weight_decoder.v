// weight_decoder: turns the compressed weight stream of an operation into weight blocks for the MAC array.
// Page: docs/blocks/weight-decoder.md (and docs/blocks/traversal.md for trav and inner).
//
// All registers stand here and in the two counters. A clock is emit, then parse, then fill; the modules between are combinational:
// wd_emitter; wd_header, wd_palette, wd_chunk with wd_remainders and two wd_joiner; wd_bit_buffer.
module weight_decoder #(
    parameter DEPTH = 8   // channels of a micro-block, 4 or 8
) (
    input  wire        clk,
    input  wire        rst,
    input  wire [3:0]  op_valid,
    input  wire        run,
    input  wire [1:0]  release_block,
    input  wire [5:0]  stream_count,
    input  wire [63:0] stream_data,
    output wire [1:0]  bank,
    input  wire        uses_weights,
    input  wire [28:0] weight_beats,
    input  wire [2:0]  kind,
    input  wire        part_kernel,
    input  wire [2:0]  taps,
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
    output wire        stream_pop,
    output wire        fault
);
    localparam ROWS = 4 * DEPTH;   // of eight weights, in a weight block

    // ---- registers ----
    reg [63:0] bits [0:3];
    reg [8:0]  count;
    reg [28:0] beats;
    reg [1:0]  ctl, state;
    reg [2:0]  zdiv, wdiv;
    reg        wtrunc, havepal;
    reg [4:0]  dirofs;
    reg [5:0]  palsize, palidx;
    reg [3:0]  palbits;
    reg [8:0]  pal [0:31];
    reg [15:0] wleft, zleft;
    reg [5:0]  balance;
    reg [5:0]  carryw;
    reg [12:0] carryz;
    reg [5:0]  pendw [0:11];
    reg [12:0] pendz [0:11];
    reg [3:0]  pendwn, pendzn;
    reg [8:0]  val [0:31];
    reg [4:0]  valhead;
    reg [5:0]  valn;
    reg [15:0] zero [0:31];
    reg [4:0]  zerohd;
    reg [5:0]  zeron;
    reg [15:0] zrun;
    reg        wantrun;
    // The weight blocks are read by the MAC array, through no port of this block: nothing here uses them, and a synthesiser must keep them.
    /* verilator lint_off UNUSED */
    (* keep *) reg [8:0] wbuf [0:16*ROWS-1];
    /* verilator lint_on UNUSED */
    reg        full [0:1];
    reg        sel;
    reg [8:0]  fill;

    // ---- arrays as vectors, element 0 lowest ----
    wire [255:0] bits_q;
    wire [287:0] pal_q, val_q;
    wire [511:0] zero_q;
    wire [71:0]  pendw_q;
    wire [155:0] pendz_q;
    genvar i, b, r;
    generate
        for (i = 0; i < 4; i = i + 1) begin : bits_vector
            assign bits_q[64*i +: 64] = bits[i];
        end
        for (i = 0; i < 32; i = i + 1) begin : ring_vector
            assign pal_q[9*i +: 9]    = pal[i];
            assign val_q[9*i +: 9]    = val[i];
            assign zero_q[16*i +: 16] = zero[i];
        end
        for (i = 0; i < 12; i = i + 1) begin : pend_vector
            assign pendw_q[6*i +: 6]   = pendw[i];
            assign pendz_q[13*i +: 13] = pendz[i];
        end
    endgenerate

    // ---- control ----
    wire is_idle  = ctl == 2'd0;
    wire is_drain = ctl == 2'd1;
    wire is_init  = ctl == 2'd2;
    wire is_run   = ctl == 2'd3;
    wire valid    = op_valid[bank];
    wire begins   = is_idle & valid & uses_weights;
    wire skips    = is_idle & valid & ~uses_weights;
    wire runs     = zdiv < 3'd5;
    wire no_beats = beats == 29'd0;

    // ---- counters ----
    wire       next_block, next_job, leave;
    wire       job_over, moves_plane, inner_over, on, unused_first, unused_last;
    wire [7:0] out_channels, in_channels;
    wire [3:0] taps_w, taps_h;
    wire [15:0] unused_oy, unused_ox, unused_oz, unused_iz, unused_ky, unused_kx;
    job_counter trav (
        .clk(clk), .rst(rst), .start(begins), .next(next_job), .finish(leave),
        .blk_w(blk_w), .blk_h(blk_h), .blk_d(blk_d), .ofm_w(ofm_w), .ofm_h(ofm_h), .ofm_d(ofm_d),
        .ifm_d(ifm_d), .ifm_blk_d(ifm_blk_d), .depth_many(depth_many),
        .kernel_w(kernel_w), .kernel_h(kernel_h), .sub_w(sub_w), .sub_h(sub_h),
        .bank(bank), .on(on), .over(job_over), .first_of_block(unused_first), .last_of_block(unused_last), .moves_plane(moves_plane),
        .out_channels(out_channels), .in_channels(in_channels), .taps_w(taps_w), .taps_h(taps_h),
        .oy(unused_oy), .ox(unused_ox), .oz(unused_oz), .iz(unused_iz), .ky(unused_ky), .kx(unused_kx)
    );
    wire [5:0] unused_io, unused_tap;
    wire [6:0] unused_ou;
    inner_counter #(.DEPTH(DEPTH)) inner (
        .clk(clk), .rst(rst), .clear(begins), .next_block(next_block),
        .kind(kind), .part_kernel(part_kernel), .taps(taps),
        .out_channels(out_channels), .in_channels(in_channels), .taps_w(taps_w), .taps_h(taps_h), .over(inner_over),
        .io(unused_io), .ou(unused_ou), .tap(unused_tap)
    );

    // ---- emit ----
    wire [1:0] full_r = {full[1], full[0]} & ~release_block;   // full, without the released blocks
    wire       single = kind == 3'd1;
    wire [2:0] depth8 = DEPTH == 4 ? 3'd2 : 3'd3;              // logarithm of DEPTH
    wire [5:0] rows   = single ? (6'd1 << depth8) >> 1 : {3'd0, taps} << depth8;

    wire [71:0]  val_window, emitted;
    wire [127:0] zero_window;
    wire [7:0]   emit;
    wire [8:0]   fill_e;
    wire         complete;
    wire [15:0]  zrun_e;
    wire         wantrun_e;
    wire [3:0]   vals_taken, zeros_taken;
    wd_queue_window #(.WIDTH(9))  window_val  (.ring(val_q),  .head(valhead), .window(val_window));
    wd_queue_window #(.WIDTH(16)) window_zero (.ring(zero_q), .head(zerohd),  .window(zero_window));
    wd_emitter emitter (
        .enable(is_run & ~full_r[sel]), .single(single), .rows(rows), .runs(runs), .fill(fill), .run(zrun), .wantrun(wantrun),
        .valn(valn), .zeron(zeron), .vals(val_window), .zeros(zero_window),
        .weights(emitted), .write(emit), .fill_next(fill_e), .complete(complete),
        .run_next(zrun_e), .wantrun_next(wantrun_e), .vals_taken(vals_taken), .zeros_taken(zeros_taken)
    );
    wire [5:0] valn_e  = valn - {2'd0, vals_taken};
    wire [5:0] zeron_e = zeron - {2'd0, zeros_taken};
    wire       sel_e   = sel ^ complete;
    wire [1:0] full_e  = full_r | ({sel, ~sel} & {2{complete}});

    assign next_block = complete;
    assign next_job   = complete & inner_over;
    assign leave      = skips | (next_job & job_over);
    wire pass_over    = next_job & (job_over | moves_plane);

    // ---- parse ----
    wire parsing = is_run & ~pass_over;
    wire in_head = parsing & (state == 2'd0);
    wire in_pal  = parsing & (state == 2'd1);
    wire in_data = parsing & (state == 2'd2);
    wire queues  = (valn_e != 6'd0) | (zeron_e != 6'd0) | (zrun_e != 16'd0);
    wire starved = no_beats & ~queues & ~full_e[sel_e];   // bits that are missing will not come

    wire        head_short, head_set, head_fault, head_accept, head_newpal, head_runs, head_consume;
    wire [15:0] head_weights;
    wire [8:0]  head_drop;
    wd_header header (
        .bits(bits_q[35:0]), .count(count), .runs(runs), .havepal(havepal), .pending(queues),
        .lacking(head_short), .taken(head_set), .fault(head_fault), .accept(head_accept), .newpal(head_newpal), .runs_next(head_runs),
        .weights(head_weights), .consume(head_consume), .drop(head_drop)
    );
    wire take_set  = in_head & head_set;
    wire take_head = in_head & head_accept;
    wire take_pal  = take_head & head_newpal;

    wire         pal_short, pal_get, pal_done;
    wire [2:0]   pal_number;
    wire [8:0]   pal_drop;
    wire [287:0] pal_d;
    wire [31:0]  pal_write;
    wd_palette palette (
        .bits(bits_q[53:0]), .count(count), .palsize(palsize), .palidx(palidx), .palbits(palbits),
        .lacking(pal_short), .get(pal_get), .done(pal_done), .number(pal_number), .drop(pal_drop), .entries(pal_d), .write(pal_write)
    );

    wire        we, ze, nothing, uncompressed, twelve;
    wire [3:0]  wb;
    wire [11:0] u0, t, uz;
    wire [5:0]  base;
    wire [8:0]  need;
    wd_chunk chunk (
        .bits(bits_q[35:0]), .runs(runs), .zdiv(zdiv), .wdiv(wdiv), .palsize(palsize), .palbits(palbits), .lead(balance[5:3]),
        .weights_left(|wleft), .runs_left(|zleft), .pendwn(pendwn), .pendzn(pendzn),
        .we(we), .ze(ze), .nothing(nothing), .uncompressed(uncompressed), .wb(wb), .u0(u0), .t(t), .uz(uz), .twelve(twelve),
        .base(base), .need(need)
    );
    wire [107:0] weights;
    wire [191:0] zeros;
    wire [11:0]  weight_ok, zero_ok;
    wire [3:0]   weight_count, zero_count;
    wire         bad_index;
    wd_remainders remainders (
        .bits(bits_q), .base(base), .wb(wb), .zdiv(zdiv), .pendw(pendw_q), .pendwn(pendwn), .pendz(pendz_q), .pendzn(pendzn),
        .pal(pal_q), .palsize(palsize), .dirofs(dirofs),
        .weights(weights), .weight_ok(weight_ok), .weight_count(weight_count), .fault(bad_index),
        .zeros(zeros), .zero_ok(zero_ok), .zero_count(zero_count)
    );

    wire at_work     = in_data & (valn_e <= 6'd20) & (zeron_e <= 6'd20);      // step 1
    wire slice_over  = at_work & nothing;                                     // step 2
    wire chunk_short = at_work & ~nothing & (count < need);                   // step 5
    wire queue_w     = at_work & ~nothing & ~(count < need);                  // step 7, weights
    wire queue_z     = queue_w & ~bad_index;                                  // step 7, runs
    wire commit      = queue_z & run;                                         // from step 9 on
    wire join_w      = commit & we;
    wire join_z      = commit & ze;

    // symbols of weights: twelve, or eight of long uncompressed ones; t goes on unless quotients are truncated
    wire         eight  = uncompressed & (wb > 4'd5);
    wire [11:0]  ends_w = ~(t & {12{~wtrunc}}) & {{4{~eight}}, 8'hff};
    wire [11:0]  ends_z = ~uz & {{4{twelve}}, 8'hff};
    wire [23:0]  extra;
    generate
        for (i = 0; i < 12; i = i + 1) begin : extras
            assign extra[2*i +: 2] = {t[i], u0[i] & ~t[i]};
        end
    endgenerate
    wire [71:0]  pendw_d;
    wire [155:0] pendz_d;
    wire [3:0]   joined_w, joined_z;
    wire [5:0]   carryw_d;
    wire [12:0]  carryz_d;
    wd_joiner #(.STEP(2), .WIDTH(6)) joiner_w (
        .ends(ends_w), .extra(extra), .size({1'b1, ~eight, 2'b00}), .carry(carryw), .left(wleft),
        .quotients(pendw_d), .number(joined_w), .carry_next(carryw_d)
    );
    wd_joiner #(.STEP(1), .WIDTH(13)) joiner_z (
        .ends(ends_z), .extra(24'd0), .size({1'b1, twelve, 2'b00}), .carry(carryz), .left(zleft),
        .quotients(pendz_d), .number(joined_z), .carry_next(carryz_d)
    );
    // gated late by commit, so that sums need not wait for it
    wire [3:0] plus  = joined_w & {4{we}};
    wire [3:0] minus = joined_z & {4{ze}};
    wire [5:0] ahead = balance + {2'd0, plus} - {2'd0, minus};

    assign fault = (starved & ((in_head & head_short) | (in_pal & pal_short) | chunk_short))
                 | (in_head & head_fault) | (queue_w & bad_index);

    // ---- fill ----
    // the length of the step in hand, and whether it is done: the shift need not wait for the latter
    wire [8:0]   drop    = state[1] ? need : state[0] ? pal_drop : head_drop;
    wire         consume = (in_head & head_consume) | (in_pal & pal_get) | commit;
    wire [255:0] bits_d;
    wire [8:0]   count_d;
    wire         take_beat;
    wire         have_beat = (stream_count != 6'd0) & (stream_count <= 6'd32);
    wd_bit_buffer bit_buffer (
        .bits(bits_q), .count(count), .drop(drop), .consume(consume), .can_fill(parsing & ~no_beats & have_beat), .stream_data(stream_data),
        .bits_next(bits_d), .count_next(count_d), .take(take_beat)
    );
    assign stream_pop = take_beat | (is_drain & ~no_beats & (stream_count != 6'd0));

    // ---- control registers ----
    wire [5:0] size_new = {1'b0, bits_q[32:28]} + {5'd0, |bits_q[32:28]};
    wire       to_data  = (take_head & ~head_newpal) | (in_pal & pal_done);
    always @(posedge clk)
        if (rst) begin
            count   <= 9'd0;
            beats   <= 29'd0;
            ctl     <= 2'd0;
            state   <= 2'd0;
            zdiv    <= 3'd0;
            wdiv    <= 3'd0;
            wtrunc  <= 1'b0;
            havepal <= 1'b0;
            dirofs  <= 5'd0;
            palsize <= 6'd0;
            palbits <= 4'd0;
            palidx  <= 6'd0;
            wleft   <= 16'd0;
            zleft   <= 16'd0;
            balance <= 6'd0;
            pendwn  <= 4'd0;
            pendzn  <= 4'd0;
            valhead <= 5'd0;
            valn    <= 6'd0;
            zerohd  <= 5'd0;
            zeron   <= 6'd0;
            zrun    <= 16'd0;
            wantrun <= 1'b0;
            sel     <= 1'b0;
            fill    <= 9'd0;
        end else begin
            if (begins)               ctl <= 2'd2;
            if (is_init)              ctl <= 2'd3;
            if (is_drain & no_beats)  ctl <= {on, 1'b0};
            if (pass_over)            ctl <= 2'd1;

            beats   <= is_init ? weight_beats : stream_pop ? beats - 29'd1 : beats;
            count   <= is_init ? 9'd0 : count_d;
            state   <= is_init | slice_over ? 2'd0 : take_pal ? 2'd1 : to_data ? 2'd2 : state;

            if (take_set) begin
                zdiv   <= bits_q[2:0];
                wdiv   <= bits_q[20:18];
                wtrunc <= bits_q[21];
            end
            havepal <= (havepal | take_pal) & ~is_init;
            if (take_pal) begin
                dirofs  <= bits_q[27:23];
                palsize <= size_new;
                palbits <= {1'b0, bits_q[35:33]} + 4'd2;
            end
            palidx  <= take_pal ? 6'd0 : in_pal & pal_get ? palidx + {3'd0, pal_number} : palidx;

            wleft   <= is_init ? 16'd0 : take_head ? head_weights : join_w ? wleft - {12'd0, joined_w} : wleft;
            zleft   <= is_init ? 16'd0 : take_head ? (head_weights & {16{head_runs}}) + {15'd0, head_runs & head_newpal}
                                : join_z ? zleft - {12'd0, joined_z} : zleft;
            balance <= take_head ? 6'd0 : commit ? ahead : balance;
            pendwn  <= is_init ? 4'd0 : commit ? plus  : pendwn;
            pendzn  <= is_init ? 4'd0 : commit ? minus : pendzn;

            valhead <= valhead + {1'b0, vals_taken};
            zerohd  <= zerohd + {1'b0, zeros_taken};
            valn    <= is_init ? 6'd0 : valn_e + {2'd0, weight_count & {4{queue_w}}};
            zeron   <= is_init ? 6'd0 : zeron_e + {2'd0, zero_count & {4{queue_z}}};
            zrun    <= is_init ? 16'd0 : zrun_e;
            wantrun <= is_init ? 1'b0 : take_pal ? head_runs : wantrun_e;
            sel     <= sel_e;
            fill    <= complete ? 9'd0 : fill_e;
        end

    // ---- carries: data, no reset ----
    always @(posedge clk) begin
        if (take_head)   carryw <= 6'd0;
        else if (join_w) carryw <= carryw_d;
        if (take_head)   carryz <= 13'd0;
        else if (join_z) carryz <= carryz_d;
    end

    // ---- arrays ----
    wire [287:0] val_d;
    wire [511:0] zero_d;
    wire [31:0]  val_write, zero_write;
    wd_queue_spread #(.WIDTH(9)) spread_val (
        .words(weights), .valid(weight_ok & {12{queue_w}}), .tail(valhead + valn[4:0]), .ring(val_d), .write(val_write)
    );
    wd_queue_spread #(.WIDTH(16)) spread_zero (
        .words(zeros), .valid(zero_ok & {12{queue_z}}), .tail(zerohd + zeron[4:0]), .ring(zero_d), .write(zero_write)
    );
    generate
        for (i = 0; i < 4; i = i + 1) begin : bits_register
            always @(posedge clk) bits[i] <= bits_d[64*i +: 64];
        end
        for (i = 0; i < 32; i = i + 1) begin : ring_register
            always @(posedge clk) begin
                if (in_pal & pal_write[i]) pal[i] <= pal_d[9*i +: 9];
                if (val_write[i])          val[i] <= val_d[9*i +: 9];
                if (zero_write[i])         zero[i] <= zero_d[16*i +: 16];
            end
        end
        for (i = 0; i < 12; i = i + 1) begin : pend_register
            always @(posedge clk) begin
                if (commit & (plus > i))  pendw[i] <= pendw_d[6*i +: 6];
                if (commit & (minus > i)) pendz[i] <= pendz_d[13*i +: 13];
            end
        end
        for (i = 0; i < 2; i = i + 1) begin : full_register
            always @(posedge clk)
                if (rst) full[i] <= 1'b0;
                else     full[i] <= full_e[i];
        end
    endgenerate

    // ---- weight blocks: entry 8·row + b takes lane (b - fill) mod 8; lanes that pass the end of a row go to the next one ----
    wire [71:0] turn4 = fill[2] ? {emitted[35:0], emitted[71:36]} : emitted;
    wire [71:0] turn2 = fill[1] ? {turn4[53:0], turn4[71:54]} : turn4;
    wire [71:0] turn1 = fill[0] ? {turn2[62:0], turn2[71:63]} : turn2;
    wire [15:0] reach = {8'd0, emit} << fill[2:0];   // low half: written in the row of fill, high half: in the next one
    generate
        for (r = 0; r < 2 * ROWS; r = r + 1) begin : row
            localparam ROW = r % ROWS;
            wire here = ({31'd0, sel} == r / ROWS) & ({26'd0, fill[8:3]} == ROW);
            wire [7:0] write;
            if (ROW == 0) begin : lowest
                assign write = {8{here}} & reach[7:0];
            end else begin : other
                assign write = ({8{here}} & reach[7:0]) | ({8{row[r-1].here}} & reach[15:8]);
            end
            for (b = 0; b < 8; b = b + 1) begin : entry
                always @(posedge clk)
                    if (write[b]) wbuf[8*r + b] <= turn1[9*b +: 9];
            end
        end
    endgenerate
endmodule
