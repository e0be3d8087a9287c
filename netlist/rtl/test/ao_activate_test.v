// Test bench of ao_activate: limits, sigmoid, tanh and the three kinds of tables of docs/blocks/output-stage-lanes.md, sections 4.3 and 8,
// with numbers worked out by hand; sigmoid and tanh over their whole range for symmetry and growth. Run:
//   iverilog -g2005 -o t netlist/rtl/test/ao_activate_test.v netlist/rtl/ao_activate.v netlist/rtl/ao_sigmoid*.v && vvp -n t
module ao_activate_test;
    reg  signed [31:0] res = 0;
    reg  [2:0]  ofm_bytes = 2, clip_to = 5;
    reg         ofm_signed = 1;
    reg  signed [16:0] ofm_zero = 0, act_min = 0, act_max = 0;
    reg  [4:0]  act = 0;
    reg  [31:0] lut_data = 0;
    wire [10:0] lut_addr;
    wire signed [31:0] out;
    integer errors = 0, checks = 0, i, before;
    ao_activate d (.res(res), .ofm_bytes(ofm_bytes), .ofm_signed(ofm_signed), .ofm_zero(ofm_zero), .act(act), .clip_to(clip_to),
        .act_min(act_min), .act_max(act_max), .lut_data(lut_data), .lut_addr(lut_addr), .out(out));

    task gives(input signed [31:0] v, input signed [31:0] want);
        begin
            res = v; #1;
            checks = checks + 1;
            if (out !== want) begin errors = errors + 1; $display("act %0d, %0d bytes, clip %0d, %0d: %0d, not %0d", act, ofm_bytes, clip_to, v, out, want); end
        end
    endtask
    task looks(input signed [31:0] v, input [10:0] at, input [31:0] word, input signed [31:0] want);
        begin
            lut_data = word; gives(v, want);
            checks = checks + 1;
            if (lut_addr !== at) begin errors = errors + 1; $display("act %0d, %0d: address %0d, not %0d", act, v, lut_addr, at); end
        end
    endtask
    task check(input ok);
        begin checks = checks + 1; if (ok !== 1'b1) begin errors = errors + 1; $display("act %0d, %0d: %0d", act, res, out); end end
    endtask

    initial begin
        // limits: zero point first, the upper one wins where they cross; no limit for results of four bytes
        gives(40000, 32767); gives(-40000, -32768); gives(1234, 1234);
        ofm_zero = -17'sd65536; gives(32'sh7fffffff, 32767); gives(32'sh80000000, -32768); gives(65537, 1);
        ofm_zero = 10; clip_to = 2; gives(245, 255); gives(246, 255); gives(-11, 0); gives(-9, 1);
        clip_to = 3; gives(117, 127); gives(118, 127); gives(-139, -128);
        clip_to = 0; act_min = -17'sd65536; act_max = 17'sd65535; gives(100000, 65535); gives(-100000, -65536);
        act_min = 9; act_max = 3; gives(0, 3); gives(-100, 3); gives(100, 3);
        ofm_bytes = 4; gives(32'sh80000000, 32'sh80000000); gives(123456789, 123456789);

        // sigmoid: T[0] = 32768, T[1] = 33451, T[254] = 65534
        ofm_bytes = 2; ofm_zero = 0; clip_to = 5; act = 4;
        gives(0, 16384); gives(512, 16726); gives(256, 16555); gives(-512, 16042); gives(-1, 16383);
        gives(255 * 512, 32767); gives(1 << 20, 32767); gives(32'sh7fffffff, 32767); gives(32'sh80000000, 1); gives(-255 * 512, 1);
        before = 0;
        for (i = -140000; i <= 140000; i = i + 7) begin res = i; #1; check(out >= before && out - before < 6); before = out; end
        // tanh: odd, but for halves
        act = 3;
        gives(0, 0); gives(256, 683); gives(-256, -683); gives(128, 342); gives(-128, -342);
        gives(255 * 256, 32767); gives(-255 * 256, -32767); gives(32'sh80000000, -32767);
        for (i = 0; i <= 70000; i = i + 7) begin
            res = i; #1; before = out; check(out >= 0);
            res = -i; #1; check(out + before == 0 || out + before == -1 || out + before == 1);
        end

        // tables of bytes, table 2: index v, or v + 128
        act = 18; ofm_bytes = 1; clip_to = 3; looks(5, 11'd512 + 132, 32'hddccbbaa, 32'hbb); looks(-300, 11'd512, 32'hddccbbaa, 32'haa);
        ofm_signed = 0; clip_to = 2; looks(255, 11'd512 + 252, 32'hddccbbaa, 32'hdd); looks(6, 11'd516, 32'hddccbbaa, 32'hcc);
        // tables of two bytes: base and slope of every 128 values; slope 300: 300 * 5 / 128 = 11.7, 300 * 64 / 128 = 150
        act = 16; ofm_bytes = 2; clip_to = 5; looks(5, 11'd1024, {16'd300, 16'd1000}, 1012); looks(-64, 11'd1020, {16'd300, 16'd1000}, 1150);
        looks(-32768, 11'd0, {16'd300, -16'sd1000}, -1000); looks(5, 11'd1024, {-16'sd300, 16'd1000}, 988);
        looks(127, 11'd1024, {16'd30000, 16'd30000}, 32767); looks(127, 11'd1024, {-16'sd30000, -16'sd30000}, -32768);
        act = 23; looks(32767, 11'd1792 + 11'd2044, {16'd0, 16'd7}, 7);   // beyond the last byte: cut to 11 bits
        // tables of four bytes
        act = 17; ofm_bytes = 4; clip_to = 3; looks(-128, 11'd256, 32'h87654321, 32'sh87654321); looks(127, 11'd256 + 1020, 32'd9, 9);
        if (errors == 0) $display("PASS: %0d checks", checks);
        else $display("FAIL: %0d of %0d checks", errors, checks);
        $finish;
    end
endmodule
