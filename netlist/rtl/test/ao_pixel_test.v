// Test bench of output_stage: one pixel of three channels with scale records, then one through a table, with numbers worked out by
// hand from docs/blocks/output-stage.md and output-stage-lanes.md. Run, with LANES 1, 2, 4 or 8:
//   iverilog -g2005 -P ao_pixel_test.LANES=2 -o t netlist/rtl/test/ao_pixel_test.v netlist/rtl/*.v && vvp -n t
module ao_pixel_test;
    parameter LANES = 1;
    reg clk = 0, rst = 1;
    always #5 clk = ~clk;

    reg  [3:0]  op_valid = 0;
    reg  [1:0]  ab_full = 0, ob_busy = 0;
    reg  [2:0]  beat = 0;
    reg  [39:0] sums [0:2];
    reg  [7:0]  written [0:2047];
    wire [1:0]  bank_t, bank_r, set_ob_busy, set_ob_full, set_ob_slots, clear_ib_full, clear_ab;
    wire        rd1_en, rd2_en, lut_en, wr_en, toggle_ib_sel, scl_take;
    wire [20:0] rd1_addr, rd2_addr;
    wire [2:0]  rd1_pitch, rd2_pitch, rd1_bytes, wr_bytes;
    wire [3:0]  rd_lanes, lut_lanes, wr_lanes, set_elem_read;
    wire [11*LANES-1:0] lut_addr;
    wire [10:0] wr_addr;
    wire [32*LANES-1:0] wr_data;
    wire [6:0]  ob_slots;
    wire [4:0]  events;

    // records of bank 0: (bias -200, 2^30, 33), (0, 2^30, 34), (6, 3 * 2^29, 35), two bytes of padding
    wire [255:0] records = {16'd0, {2'd0, 6'd35, 32'h60000000, 40'd6}, {2'd0, 6'd34, 32'h40000000, 40'd0}, {2'd0, 6'd33, 32'h40000000, -40'sd200}};
    wire [63:0]  scl_data = records[64*beat[1:0] +: 64];

    // the shared buffer: sums of four bytes from 8 KiB on, those of buffer 1 512 bytes behind; a table whose entries are their own index
    reg  [40*LANES-1:0] rd1_data;
    reg  [32*LANES-1:0] lut_data;
    integer i;
    always @* begin
        rd1_data = 0;
        lut_data = 0;
        for (i = 0; i < LANES; i = i + 1) begin
            if (rd1_en && i < rd_lanes) rd1_data[40*i +: 40] = {8'd0, sums[((rd1_addr + i * rd1_pitch) & 511) / 4] & 40'hffffffff};
            if (lut_en && i < lut_lanes) lut_data[32*i +: 32] = 32'h03020100 + {4{lut_addr[11*i +: 8]}};
        end
    end

    output_stage #(.LANES(LANES)) d (
        .clk(clk), .rst(rst), .op_valid(op_valid), .ib_full(2'd0), .ib_sel(1'd0), .ab_full(ab_full), .ob_busy(ob_busy),
        .scl_ready(beat < 4), .scl_data(scl_data), .t_kind(3'd0), .t_mode(6'd0), .t_uses_scales(bank_t == 0), .t_mean(1'b0), .t_binary(1'b0),
        .t_use_scalar(1'b0), .t_swap(1'b0), .t_bcast_h(1'b0), .t_bcast_w(1'b0), .t_bcast_c(1'b0), .t_add_mode(2'd0), .t_scalar(17'd0),
        .t_ifm_bytes(3'd1), .t_ifm_signed(1'b1), .t_ifm2_signed(1'b1), .t_ifm_zero(17'd0), .t_ifm2_zero(17'd0), .t_opa_scale(32'd0),
        .t_opa_shift(6'd0), .t_opb_scale(16'd0), .t_ofm_scale(32'd1), .t_ofm_shift(6'd0), .t_round(2'd2), .t_ofm_bytes(3'd1),
        .t_ofm_signed(1'b1), .t_ofm_zero(bank_t == 0 ? -17'sd5 : 17'sd0), .t_act(bank_t == 0 ? 5'd0 : 5'd17), .t_clip(3'd3),
        .t_act_min(17'd0), .t_act_max(17'd0), .t_blk_w(7'd1), .t_blk_h(6'd1), .t_blk_d(8'd8), .t_ofm_w(17'd1), .t_ofm_h(17'd1), .t_ofm_d(17'd3),
        .t_ifm_w(19'd1), .t_ifm_h(19'd1), .t_kernel_w(17'd1), .t_kernel_h(17'd1), .t_stride_x(3'd1), .t_stride_y(3'd1), .t_dil_x(2'd1),
        .t_dil_y(2'd1), .t_pad_left(7'd0), .t_pad_top(7'd0), .t_wide(1'b0), .t_ab_start(6'd8), .t_ab_half(15'd512), .t_ib_half(15'd0),
        .t_ib2_start(6'd0), .t_ib2_half(15'd0), .r_uses_scales(bank_r == 0), .r_passes(32'd0), .r_beats(17'd4), .r_blk_d(8'd8), .r_ofm_d(17'd3),
        .rd1_data(rd1_data), .rd2_data({32*LANES{1'b0}}), .lut_data(lut_data),
        .bank_t(bank_t), .bank_r(bank_r), .rd1_en(rd1_en), .rd2_en(rd2_en), .rd1_addr(rd1_addr), .rd2_addr(rd2_addr), .rd1_pitch(rd1_pitch),
        .rd2_pitch(rd2_pitch), .rd1_bytes(rd1_bytes), .rd_lanes(rd_lanes), .lut_en(lut_en), .lut_lanes(lut_lanes), .lut_addr(lut_addr),
        .wr_en(wr_en), .wr_lanes(wr_lanes), .wr_bytes(wr_bytes), .wr_addr(wr_addr), .wr_data(wr_data), .set_ob_busy(set_ob_busy),
        .set_ob_full(set_ob_full), .set_ob_slots(set_ob_slots), .ob_slots(ob_slots), .clear_ib_full(clear_ib_full),
        .toggle_ib_sel(toggle_ib_sel), .clear_ab(clear_ab), .set_elem_read(set_elem_read), .scl_take(scl_take), .events(events)
    );

    integer errors = 0, checks = 0, clocks = 0, reads = 0, full = 0, slots = 0, waits = 0, j, k;
    task check(input ok, input [8*24-1:0] what);
        begin
            checks = checks + 1;
            if (ok !== 1'b1) begin errors = errors + 1; $display("wrong: %0s, clock %0d", what, clocks); end
        end
    endtask

    always @(posedge clk) if (~rst) begin
        clocks = clocks + 1;
        if (scl_take) beat <= beat + 1;
        if (wr_en) for (k = 0; k < wr_lanes; k = k + 1) written[wr_addr + k] = wr_data[32*k +: 8];
        if (rd1_en) begin
            reads = reads + 1;
            check(rd1_addr[20:9] == (d.ab ? 12'd17 : 12'd16), "buffer of the sums");
        end
        if (lut_en) for (k = 0; k < lut_lanes; k = k + 1) check(lut_addr[11*k + 8 +: 3] == 3'd1, "table 1");
        if (|set_ob_busy) ob_busy <= ob_busy | set_ob_busy;
        if (|set_ob_full) full = full + set_ob_full;
        if (|set_ob_slots) slots = slots + ob_slots;
        if (|clear_ab) ab_full <= ab_full & ~clear_ab;
        waits = waits + events[4];
        check(~rd2_en & ~toggle_ib_sel & ~|clear_ib_full & ~|set_elem_read, "no elementwise operation");
    end

    task pixel(input [1:0] bank, input [7:0] v0, input [7:0] v1, input [7:0] v2, input [10:0] at);
        begin
            op_valid = 4'd1 << bank;
            ab_full = bank == 0 ? 2'd1 : 2'd2;
            reads = 0; full = 0; slots = 0;
            j = 0;
            while (bank_t == bank && j < 200) begin @(negedge clk); j = j + 1; end
            check(j < 200, "the operation ends");
            check(written[at] === v0, "channel 0");
            check(written[at + 1] === v1, "channel 1");
            check(written[at + 2] === v2, "channel 2");
            check(full == 1 << bank, "one full buffer");
            check(slots == 1, "one slot");
            check(ab_full == 0, "sums are released");
            check(reads == (LANES == 1 ? 3 : LANES == 2 ? 2 : 1), "tokens");
            check(~|{d.valid[0], d.valid[1], d.valid[2], d.valid[3], d.valid[4], d.tail, d.trav.on}, "all is left");
        end
    endtask

    initial begin
        for (i = 0; i < 2048; i = i + 1) written[i] = 8'hxx;
        repeat (3) @(negedge clk);
        rst = 0;
        // (1000 - 200) / 8 - 5 = 95;  -3000 / 16 = -187.5, half up -187, limited to -128;  56 * 1.5 / 32 = 2.625, 3 - 5 = -2
        sums[0] = 40'd1000; sums[1] = -40'sd3000; sums[2] = 40'd50;
        pixel(2'd0, 8'd95, -8'sd128, -8'sd2, 11'd0);
        check(waits > 0, "records came late");
        check(beat == 4 && bank_r == 1, "all beats are taken");
        check(~|{d.ready[0], d.ready[1], d.ready[2]}, "records are free");
        // a table of its own indices: v + 128
        sums[0] = 40'd10; sums[1] = -40'sd20; sums[2] = 40'd1000;
        pixel(2'd1, 8'd138, 8'd108, 8'd255, 11'd1024);
        if (errors == 0) $display("PASS: %0d checks", checks);
        else $display("FAIL: %0d of %0d checks", errors, checks);
        $finish;
    end
endmodule
