// Test bench of the counters: against the nested loops that docs/blocks/traversal.md describes, and against the text of its lines
// from random register values. Run: iverilog -o t netlist/rtl/test/traversal_test.v netlist/rtl/{traversal,job_counter,block_counter,inner_counter,clip}.v && vvp t
module traversal_test;
    reg clk = 0, rst = 1;
    reg start = 0, clear = 0, next_block = 0, next = 0, finish = 0;
    reg [6:0] blk_w; reg [5:0] blk_h; reg [7:0] blk_d;
    reg [16:0] ofm_w, ofm_h, ofm_d, ifm_d, kernel_w, kernel_h;
    reg [7:0] ifm_blk_d; reg depth_many; reg [3:0] sub_w, sub_h;
    reg [2:0] kind, taps; reg part_kernel;
    wire [1:0] bank, bbank; wire on, over, first, last, moves, bover, iover;
    wire [7:0] outc, inc; wire [3:0] tw, th;

    job_counter trav (.clk(clk), .rst(rst), .start(start), .next(next), .finish(finish), .blk_w(blk_w), .blk_h(blk_h), .blk_d(blk_d),
        .ofm_w(ofm_w), .ofm_h(ofm_h), .ofm_d(ofm_d), .ifm_d(ifm_d), .ifm_blk_d(ifm_blk_d), .depth_many(depth_many),
        .kernel_w(kernel_w), .kernel_h(kernel_h), .sub_w(sub_w), .sub_h(sub_h), .bank(bank), .on(on), .over(over),
        .first_of_block(first), .last_of_block(last), .moves_plane(moves), .out_channels(outc), .in_channels(inc), .taps_w(tw), .taps_h(th));
    inner_counter #(.DEPTH(8)) inner (.clk(clk), .rst(rst), .clear(clear), .next_block(next_block), .kind(kind), .part_kernel(part_kernel),
        .taps(taps), .out_channels(outc), .in_channels(inc), .taps_w(tw), .taps_h(th), .over(iover));
    block_counter blk (.clk(clk), .rst(rst), .start(start), .next(next), .finish(finish), .blk_w(blk_w), .blk_h(blk_h), .blk_d(blk_d),
        .ofm_w(ofm_w), .ofm_h(ofm_h), .ofm_d(ofm_d), .bank(bbank), .over(bover));

    integer errors = 0, checks = 0;
    task check(input ok, input [8*24-1:0] what);
        begin
            checks = checks + 1;
            if (!ok) begin errors = errors + 1; if (errors < 20) $display("wrong: %0s at %0t", what, $time); end
        end
    endtask
    // the low bits of $random are poor: two numbers' high halves
    function [31:0] r32(input integer z);
        reg [31:0] a, b;
        begin a = $random; b = $random; r32 = {a[31:16], b[31:16]} + z; end
    endfunction
    task tick; begin #1 clk = 1; #1 clk = 0; #1; end endtask

    function integer clipf(input integer at, input integer b, input integer n);
        clipf = at >= n ? 1 : (n - at < b ? n - at : b);
    endfunction
    function integer below(input integer n);   // random number 1 … n
        below = 1 + ($unsigned(r32(0)) % n);
    endfunction

    task settings(input wide);
        begin
            blk_w = below(64); blk_h = below(32); blk_d = below(128);
            ofm_w = wide ? below(65536) : below(2 * blk_w); ofm_h = wide ? below(65536) : below(2 * blk_h); ofm_d = wide ? below(65536) : below(3 * blk_d);
            ifm_blk_d = 8 * below(8); ifm_d = wide ? below(65536) : below(3 * ifm_blk_d); depth_many = r32(0);
            sub_w = r32(0) & 1 ? 4 : 8; sub_h = r32(0) & 1 ? 4 : 8; kernel_w = wide ? below(65536) : below(20); kernel_h = wide ? below(65536) : below(20);
            kind = r32(0); part_kernel = r32(0); taps = r32(0) & 1 ? 2 : 4;
        end
    endtask

    // ---- whole operations against nested loops ----
    integer oy, ox, oz, iz, ky, kx, io, ou, tap, sub, step, ic, oc, m, lastjob, lastblock;
    task operation;
        begin
            start = 1; clear = 1; tick; start = 0; clear = 0;
            for (oy = 0; oy < ofm_h; oy = oy + blk_h) for (ox = 0; ox < ofm_w; ox = ox + blk_w) for (oz = 0; oz < ofm_d; oz = oz + blk_d)
            for (iz = 0; iz == 0 || (depth_many && iz < ifm_d); iz = iz + ifm_blk_d)
            for (ky = 0; ky < kernel_h; ky = ky + sub_h) for (kx = 0; kx < kernel_w; kx = kx + sub_w) begin
                check(trav.oy == oy && trav.ox == ox && trav.oz == oz && trav.iz == iz && trav.ky == ky && trav.kx == kx && on, "position");
                lastblock = kx + sub_w >= kernel_w && ky + sub_h >= kernel_h && (!depth_many || iz + ifm_blk_d >= ifm_d);
                lastjob = lastblock && oz + blk_d >= ofm_d && ox + blk_w >= ofm_w && oy + blk_h >= ofm_h;
                check(first == (iz == 0 && ky == 0 && kx == 0), "first_of_block");
                check(last == lastblock, "last_of_block");
                check(over == lastjob, "over");
                check(moves == (lastblock && oz + blk_d >= ofm_d && (ofm_w > blk_w || ofm_h > blk_h)), "moves_plane");
                sub = clipf(kx, sub_w, kernel_w) * clipf(ky, sub_h, kernel_h);
                step = kind == 1 || (kind == 0 && part_kernel) ? taps : kind == 2 || kind == 3 ? sub : 1;
                oc = kind == 4 ? 1 : clipf(oz, blk_d, ofm_d);
                ic = kind == 0 && part_kernel ? clipf(iz, ifm_blk_d, ifm_d) : 1;
                for (io = 0; io < ic; io = io + 8) for (ou = 0; ou < oc; ou = ou + 8) for (tap = 0; tap < sub; tap = tap + step) begin
                    check(inner.io == io && inner.ou == ou && inner.tap == tap, "weight block");
                    check(iover == (io + 8 >= ic && ou + 8 >= oc && tap + step >= sub), "inner over");
                    next_block = 1; tick; next_block = 0;
                end
                check(inner.io == 0 && inner.ou == 0 && inner.tap == 0, "inner at the end");
                next = 1; tick; next = 0;
            end
            check({trav.oy, trav.ox, trav.oz, trav.iz, trav.ky, trav.kx} == 0, "zero at the end");
            m = bank; finish = 1; tick; finish = 0;
            check(bank == ((m + 1) & 3) && !on, "end");
        end
    endtask
    task blocks;
        begin
            start = 1; tick; start = 0;
            for (oy = 0; oy < ofm_h; oy = oy + blk_h) for (ox = 0; ox < ofm_w; ox = ox + blk_w) for (oz = 0; oz < ofm_d; oz = oz + blk_d) begin
                check(blk.oy == oy && blk.ox == ox && blk.oz == oz && blk.on, "block");
                check(bover == (oz + blk_d >= ofm_d && ox + blk_w >= ofm_w && oy + blk_h >= ofm_h), "block over");
                next = 1; tick; next = 0;
            end
            check({blk.oy, blk.ox, blk.oz} == 0, "block zero at the end");
        end
    endtask

    // ---- one clock from any registers, all pulses: the lines of the page, one after the other ----
    integer Y, X, Z, I, KY, KX, N, B, y0, x0, by, bx, bz, wio, wou, wtap, eover, ebover, eiover, emoves, elast, efirst;
    task step_any;
        begin
            {trav.oy, trav.ox, trav.oz} = {r32(0), r32(0)}; {trav.iz, trav.ky, trav.kx} = {r32(0), r32(0)};
            {trav.bank, trav.on} = r32(0); {blk.bank, blk.on} = {trav.bank, trav.on};
            // often near the limits
            if (r32(0) & 1) trav.kx = kernel_w - $unsigned(r32(0)) % 16; if (r32(0) & 1) trav.ky = kernel_h - $unsigned(r32(0)) % 16;
            if (r32(0) & 1) trav.iz = ifm_d - $unsigned(r32(0)) % 100; if (r32(0) & 1) trav.oz = ofm_d - $unsigned(r32(0)) % 160;
            if (r32(0) & 1) trav.ox = ofm_w - $unsigned(r32(0)) % 80; if (r32(0) & 1) trav.oy = ofm_h - $unsigned(r32(0)) % 40;
            if ((r32(0) & 7) == 0) {trav.ox, trav.oy} = 0;
            {blk.oy, blk.ox, blk.oz} = {trav.oy, trav.ox, trav.oz};
            {inner.io, inner.ou, inner.tap} = r32(0);
            {start, clear, next_block, next, finish} = r32(0); if (r32(0) & 3) start = 0; if (r32(0) & 3) clear = 0;
            Y = trav.oy; X = trav.ox; Z = trav.oz; I = trav.iz; KY = trav.ky; KX = trav.kx; N = trav.on; B = trav.bank;
            if (start) begin N = 1; Y = 0; X = 0; Z = 0; I = 0; KY = 0; KX = 0; end
            by = Y; bx = X; bz = Z; y0 = Y; x0 = X;
            efirst = I == 0 && KY == 0 && KX == 0;
            elast = KX + sub_w >= kernel_w && KY + sub_h >= kernel_h && (!depth_many || I + ifm_blk_d >= ifm_d);
            // inner
            wio = inner.io; wou = inner.ou; wtap = inner.tap;
            if (clear) begin wio = 0; wou = 0; wtap = 0; end
            oc = clipf(Z, blk_d, ofm_d); ic = kind == 0 ? clipf(I, ifm_blk_d, ifm_d) : ifm_blk_d;
            sub = clipf(KX, sub_w, kernel_w) * clipf(KY, sub_h, kernel_h);
            step = kind == 1 || (kind == 0 && part_kernel) ? taps : kind == 2 || kind == 3 ? sub : 1;
            io = wio; ou = wou; tap = wtap; eiover = 0;
            if (tap + step < sub) tap = tap + step;
            else begin tap = 0; if (kind != 4 && ou + 8 < oc) ou = ou + 8;
            else begin ou = 0; if (kind == 0 && part_kernel && io + 8 < ic) io = io + 8; else begin io = 0; eiover = 1; end end end
            if (next_block) begin wio = io & 63; wou = ou & 127; wtap = tap & 63; end
            // job
            oy = Y; ox = X; oz = Z; iz = I; ky = KY; kx = KX; eover = 0;
            if (kx + sub_w < kernel_w) kx = kx + sub_w;
            else begin kx = 0; if (ky + sub_h < kernel_h) ky = ky + sub_h;
            else begin ky = 0; if (depth_many && iz + ifm_blk_d < ifm_d) iz = iz + ifm_blk_d;
            else begin iz = 0; if (oz + blk_d < ofm_d) oz = oz + blk_d;
            else begin oz = 0; if (ox + blk_w < ofm_w) ox = ox + blk_w;
            else begin ox = 0; if (oy + blk_h < ofm_h) oy = oy + blk_h;
            else begin oy = 0; eover = 1; end end end end end end
            emoves = (oy != y0) || (ox != x0);
            if (next) begin Y = oy & 65535; X = ox & 65535; Z = oz & 65535; I = iz & 65535; KY = ky & 65535; KX = kx & 65535; end
            // block
            oy = by; ox = bx; oz = bz; ebover = 0;
            if (oz + blk_d < ofm_d) oz = oz + blk_d;
            else begin oz = 0; if (ox + blk_w < ofm_w) ox = ox + blk_w;
            else begin ox = 0; if (oy + blk_h < ofm_h) oy = oy + blk_h;
            else begin oy = 0; ebover = 1; end end end
            if (next) begin by = oy & 65535; bx = ox & 65535; bz = oz & 65535; end
            if (finish) begin N = 0; B = (B + 1) & 3; end
            #1;
            check(over == eover, "any over"); check(bover == ebover, "any block over"); check(iover == eiover, "any inner over");
            check(moves == emoves, "any moves_plane"); check(first == efirst, "any first"); check(last == elast, "any last");
            tick;
            check(trav.oy == Y && trav.ox == X && trav.oz == Z && trav.iz == I && trav.ky == KY && trav.kx == KX, "any position");
            check(on == N && bank == B && blk.on == N && bbank == B, "any bank and on");
            check(blk.oy == by && blk.ox == bx && blk.oz == bz, "any block");
            check(inner.io == wio && inner.ou == wou && inner.tap == wtap, "any weight block");
        end
    endtask

    integer t;
    initial begin
        settings(0); tick; tick; rst = 0;
        check({trav.oy, trav.ox, trav.oz, trav.iz, trav.ky, trav.kx, bank, on, inner.io, inner.ou, inner.tap} == 0, "reset");
        for (t = 0; t < 60; t = t + 1) begin settings(0); operation; blocks; end
        for (t = 0; t < 40000; t = t + 1) begin settings(t & 1); step_any; end
        if (errors == 0 && checks > 500000) $display("PASS %0d checks", checks); else $display("FAIL %0d of %0d", errors, checks);
        $finish;
    end
endmodule
