// Test bench of ao_round: the rounding modes of docs/blocks/output-stage-lanes.md, section 4.2, on numbers worked out by hand, and
// the three of them against each other for every number of places. Run:
//   iverilog -g2005 -o t netlist/rtl/test/ao_round_test.v netlist/rtl/ao_round.v && vvp -n t
module ao_round_test;
    reg signed [79:0] product;
    reg [5:0]  places;
    reg [1:0]  mode;
    wire signed [63:0] rounded;
    integer errors = 0, checks = 0, i, seed = 1;
    reg signed [79:0] moved, floor, rest, back;

    ao_round d (.product(product), .places(places), .mode(mode), .rounded(rounded));

    task expect_value(input signed [79:0] p, input [5:0] s, input [1:0] m, input signed [63:0] want);
        begin
            product = p; places = s; mode = m; #1;
            checks = checks + 1;
            if (rounded !== want) begin
                errors = errors + 1;
                $display("%0d >> %0d, mode %0d: %0d, not %0d", p, s, m, rounded, want);
            end
        end
    endtask

    initial begin
        // no places: the low 64 bits, whatever the mode
        expect_value(-80'sd7, 6'd0, 2'd0, -64'sd7);
        expect_value(80'sh0001_8000_0000_0000_0001, 6'd0, 2'd1, 64'sh8000_0000_0000_0001);
        // 5 / 2 = 2.5 and -2.5: half up goes up, also below zero; towards zero cuts
        expect_value(80'sd5, 6'd1, 2'd2, 64'sd3);
        expect_value(80'sd5, 6'd1, 2'd3, 64'sd3);
        expect_value(80'sd5, 6'd1, 2'd1, 64'sd2);
        expect_value(80'sd5, 6'd1, 2'd0, 64'sd3);
        expect_value(-80'sd5, 6'd1, 2'd2, -64'sd2);
        expect_value(-80'sd5, 6'd1, 2'd1, -64'sd2);
        expect_value(-80'sd7, 6'd2, 2'd1, -64'sd1);
        expect_value(-80'sd7, 6'd2, 2'd2, -64'sd2);
        // double rounding differs from half up beyond 31 places only: 2^30 is added once more, or taken away below zero
        expect_value(80'sd1073741823, 6'd31, 2'd0, 64'sd0);
        expect_value(80'sd1073741824, 6'd31, 2'd0, 64'sd1);
        expect_value(80'sd1073741824, 6'd32, 2'd0, 64'sd1);      // 2^30 + 2^31 + 2^30
        expect_value(80'sd1073741823, 6'd32, 2'd0, 64'sd0);
        expect_value(80'sd1073741824, 6'd32, 2'd2, 64'sd0);
        expect_value(-80'sd1073741824, 6'd32, 2'd0, 64'sd0);     // -2^30 + 2^31 - 2^30 = 0
        expect_value(-80'sd1073741825, 6'd32, 2'd0, -64'sd1);
        expect_value(-80'sd2147483649, 6'd32, 2'd2, -64'sd1);
        expect_value(-80'sd2147483648, 6'd32, 2'd2, 64'sd0);
        // the largest products: nothing is lost before the cut
        expect_value(80'sh7fff_ffff_ffff_ffff_ffff, 6'd16, 2'd2, 64'sh8000_0000_0000_0000);
        expect_value(80'sh8000_0000_0000_0000_0000, 6'd16, 2'd1, 64'sh8000_0000_0000_0000);
        expect_value(80'sh8000_0000_0000_0000_0000, 6'd63, 2'd0, -64'sd65536);

        // floor, and what is left, tell what the modes give
        for (i = 0; i < 20000; i = i + 1) begin
            product = $signed({$random(seed), $random(seed), $random(seed)}) >>> ($unsigned($random(seed)) % 80);
            places  = 1 + $unsigned($random(seed)) % 63;
            floor   = product >>> places;
            rest    = product - (floor <<< places);
            mode    = 2'd1; #1;
            back    = floor + ((product < 0) && (rest != 0));
            checks  = checks + 1;
            if (rounded !== back[63:0]) begin errors = errors + 1; $display("towards zero: %h >> %0d: %h", product, places, rounded); end
            mode    = 2'd2; #1;
            back    = floor + ((rest >> (places - 1)) != 0);
            checks  = checks + 1;
            if (rounded !== back[63:0]) begin errors = errors + 1; $display("half up: %h >> %0d: %h", product, places, rounded); end
            mode    = 2'd0; #1;
            // double: half up of the product that is 2^30 further from zero
            moved   = places > 31 ? product + (product < 0 ? -80'sd1073741824 : 80'sd1073741824) : product;
            floor   = moved >>> places;
            rest    = moved - (floor <<< places);
            back    = floor + ((rest >> (places - 1)) != 0);
            checks  = checks + 1;
            if (rounded !== back[63:0] && &product[79:78] == |product[79:78]) begin   // of products whose sum fits 80 bits
                errors = errors + 1;
                $display("double: %h >> %0d: %h", product, places, rounded);
            end
        end
        if (errors == 0) $display("PASS: %0d checks", checks);
        else $display("FAIL: %0d of %0d checks", errors, checks);
        $finish;
    end
endmodule
