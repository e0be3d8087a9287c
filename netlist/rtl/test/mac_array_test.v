// Test of mac_array (u55-64: 1 x 1 pixels, 8 channels): a 1 x 1 convolution of 3 x 1
// pixels, 48 input channels in two jobs (32 and 16), 8 output channels. The second job
// reads the sums of the first. Sums are compared with a plain loop, handshakes with docs/blocks/mac-array.md.
`timescale 1ns/1ns
module mac_array_test;
    localparam W = 3, IN = 48, D = 8, AB = 8; // AB: start of the accumulator area, KiB

    reg clk = 0, rst = 1;
    always #5 clk = ~clk;

    // The buffers around the array.
    reg  [7:0]   mem  [0:16383];
    reg  [8:0]   wbuf [0:511];
    reg  [3:0]   op_valid = 1;
    reg  [5:0]   lay_ab = 0;
    reg          lay_lut = 1, ib_sel = 0;
    reg  [1:0]   ib_full = 0, ab_busy = 0, ab_full = 0, wd_full = 0;

    reg  [575:0] w_data;
    reg  [255:0] fetch_data;
    reg  [319:0] sum_data;
    wire [1:0]   bank_t, bank_f, bank_s, bank_rd, bank_wr;
    wire         w_block, fetch_en, sum_rd_en, sum_rd_wide, sum_wr_en, sum_wr_wide;
    wire [7:0]   w_addr;
    wire [39:0]  fetch_addr;
    wire [2:0]   fetch_words;
    wire [16:0]  sum_rd_addr, sum_wr_addr;
    wire [319:0] sum_wr_data;
    wire [1:0]   set_ab_full, set_ab_busy, clear_ib_full, clear_wd_full;
    wire         toggle_ib_sel, set_layout, layout_lut;
    wire [5:0]   layout_ab, events;

    mac_array #(.HEIGHT(1), .WIDTH(1), .DEPTH(D)) dut (
        .clk(clk), .rst(rst), .op_valid(op_valid), .elem_read(4'd0), .lay_ab(lay_ab), .lay_lut(lay_lut),
        .ao_bank(2'd0), .ib_full(ib_full), .ib_sel(ib_sel), .ab_busy(ab_busy), .wd_full(wd_full),
        .t_kind(3'd0), .t_part_kernel(1'b0), .t_bytes(3'd1), .t_blk_w(7'd4), .t_blk_h(6'd1), .t_blk_d(8'd8),
        .t_ofm_w(17'd3), .t_ofm_h(17'd1), .t_ofm_d(17'd8), .t_ifm_w(19'd3), .t_ifm_h(19'd1),
        .t_ifm_d(17'd48), .t_ifm_blk_d(8'd32), .t_kernel_w(17'd1), .t_kernel_h(17'd1), .t_sub_w(4'd8), .t_sub_h(4'd8),
        .t_taps(3'd4), .t_stride_x(3'd1), .t_stride_y(3'd1), .t_dil_x(2'd1), .t_dil_y(2'd1),
        .t_pad_left(7'd0), .t_pad_top(7'd0), .t_upscale(2'd0), .t_flat(1'b0), .t_wide(1'b0), .t_ab_start(6'd8),
        .t_ab_half(15'd1024), .t_ib_half(15'd2048), .t_uses_lut(1'b0), .t_depth_many(1'b1), .t_keeps_boxes(1'b1),
        .f_signed(1'b1), .f_bytes(3'd1), .f_zero(16'hFFFD), .s_max(1'b0),
        .rd_blk_w(7'd4), .rd_blk_d(8'd8), .rd_wide(1'b0), .rd_flat(1'b0),
        .wr_blk_w(7'd4), .wr_blk_d(8'd8), .wr_wide(1'b0), .wr_flat(1'b0),
        .w_data(w_data), .fetch_data(fetch_data), .sum_data(sum_data),
        .bank_t(bank_t), .bank_f(bank_f), .bank_s(bank_s), .bank_rd(bank_rd), .bank_wr(bank_wr),
        .w_block(w_block), .w_addr(w_addr), .fetch_en(fetch_en), .fetch_addr(fetch_addr), .fetch_words(fetch_words),
        .sum_rd_en(sum_rd_en), .sum_rd_addr(sum_rd_addr), .sum_rd_wide(sum_rd_wide),
        .sum_wr_en(sum_wr_en), .sum_wr_addr(sum_wr_addr), .sum_wr_wide(sum_wr_wide), .sum_wr_data(sum_wr_data),
        .set_ab_full(set_ab_full), .set_ab_busy(set_ab_busy), .clear_ib_full(clear_ib_full),
        .toggle_ib_sel(toggle_ib_sel), .clear_wd_full(clear_wd_full), .set_layout(set_layout),
        .layout_ab(layout_ab), .layout_lut(layout_lut), .events(events)
    );

    // Reads are combinational.
    integer i;
    always @* begin
        for (i = 0; i < 64; i = i + 1) w_data[9*i +: 9] = wbuf[{w_block, w_addr + i[7:0]}];
    end
    always @* begin
        fetch_data = 0;
        if (fetch_en) for (i = 0; i < 8; i = i + 1) fetch_data[8*i +: 8] = mem[fetch_addr[13:0] + i];
    end
    always @(sum_rd_en or sum_rd_addr or negedge clk) begin
        sum_data = 0;
        if (sum_rd_en) for (i = 0; i < 32; i = i + 1) sum_data[8*i +: 8] = mem[sum_rd_addr[13:0] + i];
    end

    integer k, writes = 0, reads = 0, active = 0, stalls = 0, layouts = 0, fulls = 0, faults = 0;
    always @(posedge clk) if (!rst) begin
        if (sum_wr_en) begin
            for (k = 0; k < 32; k = k + 1)
                mem[sum_wr_addr[13:0] + k] <= sum_wr_data[40*(k/4) + 8*(k%4) +: 8];
            writes = writes + 1;
        end
        if (sum_rd_en) reads = reads + 1;
        if (events[0]) active = active + 1;
        if (events[3]) stalls = stalls + 1;
        if (set_layout) begin
            lay_ab <= layout_ab;
            lay_lut <= layout_lut;
            layouts = layouts + 1;
        end
        if (set_ab_full != 0) fulls = fulls + 1;
        ab_full <= ab_full | set_ab_full;
        ab_busy <= ab_busy | set_ab_busy;
        ib_full <= ib_full & ~clear_ib_full;
        ib_sel  <= ib_sel ^ toggle_ib_sel;
        wd_full <= wd_full & ~clear_wd_full;
        if ((events & (events - 6'd1)) != 0 || events == 0) begin
            faults = faults + 1;
            $display("events %b", events);
        end
    end

    function [7:0] pixel(input integer x, input integer c);
        pixel = 37*x + 11*c + x*c + 90;
    endfunction
    function [8:0] wt(input integer o, input integer c);
        wt = 53*o + 29*c + o*c*c + 200;
    endfunction

    task equal(input integer got, input integer want, input [255:0] what);
        if (got !== want) begin
            faults = faults + 1;
            $display("%0s: %0d, want %0d", what, got, want);
        end
    endtask

    integer x, c, o, sum, a;
    reg signed [7:0] p;
    reg signed [8:0] w;
    initial begin
        for (x = 0; x < W; x = x + 1) for (c = 0; c < IN; c = c + 1)
            if (c < 32) mem[2048 + 32*x + c] = pixel(x, c);
            else mem[4096 + 16*x + c - 32] = pixel(x, c);
        // Bytes behind the last channel are not zero: the lanes must leave them out.
        for (a = 4096 + 48; a < 4096 + 128; a = a + 1) mem[a] = 8'h5A;
        for (o = 0; o < D; o = o + 1) for (c = 0; c < 64; c = c + 1)
            wbuf[256*(c/32) + 64*((c/8)%4) + 8*o + c%8] = wt(o, c);
        repeat (2) @(negedge clk);
        rst = 0;
        repeat (3) @(negedge clk);
        equal(events, 6'b000100, "waits for input");
        ib_full = 2'b01;
        repeat (2) @(negedge clk);
        equal(events, 6'b010000, "waits for weights");
        equal(ab_busy, 1, "sums are claimed");
        wd_full = 2'b11;
        repeat (5) @(negedge clk);
        ib_full = ib_full | 2'b10;
        repeat (60) @(negedge clk);

        equal(layouts, 1, "layouts");
        equal(lay_ab, AB, "layout");
        equal(lay_lut, 0, "tables");
        equal(active, 24, "tokens");
        equal(writes, 6, "writes");
        equal(reads, 3, "reads of sums");
        equal(stalls, 0, "stalls");
        equal(fulls, 1, "complete blocks");
        equal(ab_full, 1, "sums are complete");
        equal(ib_full, 0, "input buffers");
        equal(ib_sel, 0, "input buffer");
        equal(wd_full, 0, "weight blocks");
        equal(bank_t, 1, "bank");
        equal(events, 6'b000010, "idle");
        for (x = 0; x < W; x = x + 1) for (o = 0; o < D; o = o + 1) begin
            sum = 0;
            for (c = 0; c < IN; c = c + 1) begin
                p = pixel(x, c);
                w = wt(o, c);
                sum = sum + (p + 3) * w;
            end
            a = 1024*AB + 32*x + 4*o;
            equal({mem[a+3], mem[a+2], mem[a+1], mem[a]}, sum, "sum");
        end
        if (faults != 0) $display("FAIL mac_array: %0d", faults);
        else $display("PASS mac_array");
        $finish;
    end
endmodule
